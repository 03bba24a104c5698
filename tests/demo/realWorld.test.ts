import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  ADMIN_SERVICE_ACCOUNT,
  NKVM_NAMESPACE,
  SERVICE_PROXY_PATH,
  TOKEN_HEADER,
} from '../../sidecar/api/names.ts';
import { backUp, start } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import type { Playground } from '../playground/playground.ts';
import { startPlayground } from '../playground/playground.ts';
import { readKubeconfig } from './kubeconfig.ts';
import type { World } from './playgroundWorld.ts';
import { adminToken } from './playgroundWorld.ts';
import { realWorld } from './realWorld.ts';
import { whoMayLook } from './rights.ts';

const CLAIM = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: notes, namespace: default }
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: immediate
  resources: { requests: { storage: 1Mi } }
`;
/** Sees everything and changes nothing. */
const AUDITOR = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: auditor }
rules: [{ apiGroups: ['*'], resources: ['*'], verbs: [get, list, watch] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: auditor }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: auditor }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: auditor }]
`;
const KINDS = [
  '/api/v1/pods',
  '/api/v1/services',
  '/api/v1/namespaces',
  '/api/v1/serviceaccounts',
  '/apis/rbac.authorization.k8s.io/v1/roles',
  '/apis/rbac.authorization.k8s.io/v1/rolebindings',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
];

let cluster: Playground;
const worlds: Record<string, World> = {};
beforeAll(async () => {
  cluster = await startPlayground();
  cluster.apply(CLAIM);
  cluster.apply(AUDITOR);
  await until('the claim is bound', () => cluster.volumePath('default', 'notes'), 10_000);
  for (const user of ['admin', 'auditor']) {
    const known = readKubeconfig(cluster.kubeconfigFor(user));
    worlds[user] = await realWorld(known, await whoMayLook(known.kubeConfig, known.url));
  }
}, 60_000);
afterAll(async () => {
  await Promise.all(Object.values(worlds).map(world => world.stop()));
  await cluster.stop();
});

const urlAs = (user: string): string => worlds[user]?.kubeUrl ?? '';

/** The way of the plugin. */
async function callAs(user: string) {
  const token = await adminToken(urlAs(user));
  return (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set(TOKEN_HEADER, token);
    return fetch(urlAs(user) + SERVICE_PROXY_PATH + path, { ...init, headers });
  };
}

/** Names of all that a backup could have left. */
async function objects(): Promise<unknown> {
  const lists = KINDS.map(async path => {
    const { items } = (await (await fetch(urlAs('admin') + path)).json()) as {
      items: { metadata: { uid: string } }[];
    };
    return items.map(({ metadata }) => metadata.uid).sort();
  });
  return await Promise.all(lists);
}

it('backs up in a cluster that holds nothing of NKVM, and leaves nothing there', async () => {
  const before = await objects();
  const run = await backUp(await callAs('admin'), 'default', 'notes');
  expect(run.status).toBe('success');
  expect(await objects()).toEqual(before);
  const events = await (await fetch(`${urlAs('admin')}/api/v1/events`)).text();
  expect(events).not.toContain('BackupSucceeded');
});

it('tells of the changes of a backup in one stream, under a path that no cache can mix up', async () => {
  const call = await callAs('admin');
  const stopping = new AbortController();
  const { status, body } = await call('/api/v1/volumes/events/~x7K_q-', {
    signal: stopping.signal,
  });
  expect(status).toBe(200);
  let text = '';
  const take = new WritableStream<string>({ write: chunk => void (text += chunk) });
  const reading = body
    ?.pipeThrough(new TextDecoderStream())
    .pipeTo(take)
    .catch(() => undefined);
  await until('the stream is ready', () => text.includes('event: ready'), 10_000);
  const run = await backUp(call, 'default', 'notes');
  const success = `"lastSuccess":{"id":"${run.id}"`;
  await until('the stream shows the success', () => text.includes(success), 10_000);
  stopping.abort();
  await reading;
});

it('lets the person do what the cluster lets the person do', async () => {
  const { status, problem } = await start(await callAs('auditor'), 'default', 'notes');
  expect(status).toBe(403);
  expect(problem?.message).toMatch(/^auditor may not create persistentvolumeclaims\/backup/);
});

it('lets nobody in by the token of another demo', async () => {
  const token = await adminToken(urlAs('auditor'));
  const path = `${SERVICE_PROXY_PATH}/api/v1/volumes`;
  const answer = await fetch(urlAs('admin') + path, { headers: { [TOKEN_HEADER]: token } });
  expect(answer.status).toBe(401);
});

it('leaves tokens of other accounts to the cluster', async () => {
  const path = `/api/v1/namespaces/${NKVM_NAMESPACE}/serviceaccounts/x-${ADMIN_SERVICE_ACCOUNT}/token`;
  const answer = await fetch(urlAs('admin') + path, { method: 'POST', body: '{}' });
  expect(answer.status).toBeGreaterThanOrEqual(400);
});

it('refuses pages of other origins', async () => {
  const headers = { origin: 'http://evil.example' };
  expect((await fetch(`${urlAs('admin')}/api/v1/pods`, { headers })).status).toBe(403);
});
