import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../sidecar/src/cluster/gateway/access.ts';
import { type Gateway, gatewayOf } from '../../sidecar/src/cluster/gateway/gateway.ts';
import type { ClaimEvent } from '../../sidecar/src/cluster/writes/events.ts';
import { eventsOf } from '../../sidecar/src/cluster/writes/events.ts';
import { type Playground, startPlayground } from '../playground/playground.ts';

const OBJECTS = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: locked}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: events, namespace: shop}
rules: [{apiGroups: [''], resources: [events], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: events, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: events}
subjects: [{kind: ServiceAccount, name: runner, namespace: shop}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: nkvm-metrics-reader}
rules: [{nonResourceURLs: [/metrics], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: nkvm-metrics-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nkvm-metrics-reader}
subjects: [{kind: ServiceAccount, name: runner, namespace: shop}]
`;
const RUNNER = 'system:serviceaccount:shop:runner';

const event = (namespace: string, name = 'nkvm-backup-01a'): ClaimEvent => ({
  name,
  claim: { namespace, name: 'orders-db', uid: 'u-1' },
  type: 'Warning',
  reason: 'BackupFailed',
  message: 'Backup failed at stage copy (StreamBroke): it broke (run 01a)',
  at: '2026-11-21T10:00:00.000Z',
});

describe('on the playground', { timeout: 30_000 }, () => {
  let playground: Playground;
  const as = (user: string): Gateway => {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(playground.kubeconfigFor(user));
    return gatewayOf(kubeConfig);
  };
  beforeAll(async () => {
    playground = await startPlayground();
    playground.apply(OBJECTS);
  });
  afterAll(() => playground?.stop());

  /** @returns the Events of a namespace as an administrator sees them. */
  const eventsIn = async (namespace: string) => {
    const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=involvedObject.uid%3Du-1`;
    const answer = await fetch((await playground.proxyAs('admin')) + path);
    return ((await answer.json()) as { items: object[] }).items;
  };

  it('an Event on a claim is made once, however often it is sent', async () => {
    const send = eventsOf(as(RUNNER));
    expect(await send(event('shop'))).toEqual({ outcome: 'sent' });
    expect(await send(event('shop'))).toEqual({ outcome: 'sent' });
    expect(await eventsIn('shop')).toEqual([
      expect.objectContaining({
        type: 'Warning',
        reason: 'BackupFailed',
        message: expect.stringContaining('StreamBroke'),
        involvedObject: expect.objectContaining({
          kind: 'PersistentVolumeClaim',
          name: 'orders-db',
          uid: 'u-1',
        }),
        lastTimestamp: expect.stringMatching(/^2026-11-21T10:00:00/),
        source: { component: 'nkvm' },
      }),
    ]);
  });

  it('an Event is forbidden where the right is missing, and the words say which', async () => {
    expect(await eventsOf(as(RUNNER))(event('locked'))).toEqual({
      outcome: 'forbidden',
      message: expect.stringMatching(/cannot create resource "events".*"locked"/),
    });
    expect(await eventsIn('locked')).toEqual([]);
  });

  it('an Event in a namespace that is gone has failed', async () => {
    expect(await eventsOf(as('admin'))(event('nowhere'))).toMatchObject({ outcome: 'failed' });
  });

  it('a scraper is known by its token for the API server, and may read /metrics', async () => {
    const access = accessOf(as('admin'));
    const path = '/api/v1/namespaces/shop/serviceaccounts/runner/token';
    const answer = await fetch((await playground.proxyAs('admin')) + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ spec: { expirationSeconds: 600 } }),
    });
    const { token } = ((await answer.json()) as { status: { token: string } }).status;
    expect(await access.whoIs(token, 'nkvm')).toBeUndefined();
    const subject = await access.whoIs(token);
    expect(subject?.username).toBe(RUNNER);
    expect(await access.may(subject!, { verb: 'get', path: '/metrics' })).toBe(true);
    expect(await access.may(subject!, { verb: 'get', path: '/logs' })).toBe(false);
  });
});
