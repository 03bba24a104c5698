import { screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { SIDECAR_LABELS } from '../../sidecar/api/names.ts';
import { savePlaces } from '../settings/places';
import { fakeCluster, refusal, TOKEN_REQUEST } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';
import { aVolume, volumeList } from '../testing/samples';

const service = (namespace: string, labels: object = SIDECAR_LABELS) => ({
  metadata: { name: 'nkvm', namespace, labels },
});
const binding = (namespace: string, role = 'system:auth-delegator') => ({
  metadata: { name: 'nkvm-auth-delegator' },
  roleRef: { name: role },
  subjects: [{ kind: 'ServiceAccount', name: 'nkvm-runner', namespace }],
});
const SERVICES = 'GET /api/v1/services';
const BINDINGS = 'GET /apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

/** A cluster without NKVM in the usual place. */
const open = (answers: Parameters<typeof fakeCluster>[0]) => {
  const cluster = fakeCluster({
    [TOKEN_REQUEST]: refusal(404, 'namespaces "nkvm" not found'),
    'GET /info': refusal(404, 'services "nkvm" not found'),
    'POST backup/nkvm-admin token': { spec: {}, status: { token: 'for backup' } },
    'GET backup/nkvm /volumes': volumeList([aVolume({ namespace: 'shop', name: 'orders-db' })]),
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, '/nkvm/volumes') };
};
const useIt = (namespace: string) => ({
  name: `Use it, Service nkvm in namespace ${namespace}`,
});

beforeEach(() => void savePlaces(() => ({ clusters: {} })));

describe('NKVM in another namespace', () => {
  it('is shown, and asked only after the person has chosen it', async () => {
    const { cluster, user } = open({
      [SERVICES]: { items: [service('backup')] },
      [BINDINGS]: { items: [binding('backup')] },
    });
    const button = await screen.findByRole('button', useIt('backup'));
    expect(screen.queryByText(/^Install it once/)).toBeNull();
    expect(screen.getByText(/A cluster administrator has installed NKVM there/)).toBeVisible();
    expect(cluster.sent.filter(({ path }) => path.includes('/namespaces/backup/'))).toEqual([]);
    await user.click(button);
    expect(await screen.findByRole('link', { name: 'orders-db' })).toBeVisible();
    const there = cluster.sent.filter(({ path }) => path.includes('/namespaces/backup/'));
    expect(new Set(there.map(({ token }) => token))).toEqual(new Set(['for backup']));
  });

  it('is not offered where the cluster gives it no right to check tokens', async () => {
    open({
      [SERVICES]: { items: [service('backup'), service('team')] },
      [BINDINGS]: { items: [binding('backup'), binding('team', 'nkvm-admin')] },
    });
    expect(await screen.findByRole('button', useIt('backup'))).toBeVisible();
    expect(screen.getByText('Namespace team, Service nkvm')).toBeVisible();
    expect(screen.queryByRole('button', useIt('team'))).toBeNull();
  });

  it('is offered with a warning to those who cannot see who installed it', async () => {
    open({
      [SERVICES]: { items: [service('backup')] },
      [BINDINGS]: refusal(403, 'clusterrolebindings is forbidden'),
    });
    expect(await screen.findByText(/it is not known who has installed it/)).toBeVisible();
    expect(screen.getByRole('button', useIt('backup'))).toBeVisible();
  });

  it('is not taken for a Service with other labels, which a cache of Headlamp may answer', async () => {
    open({ [SERVICES]: { items: [service('team', { 'app.kubernetes.io/name': 'nkvm' })] } });
    expect(await screen.findByText('Backups are not set up in this cluster')).toBeVisible();
    await waitFor(() => expect(screen.queryByText(/Namespace team/)).toBeNull());
  });

  it('is found in its usual place where its port takes HTTPS', async () => {
    const ports = [{ name: 'http', port: 80, appProtocol: 'https' }];
    const { cluster, user } = open({
      [TOKEN_REQUEST]: { spec: {}, status: { token: 'minted' } },
      'GET /volumes': refusal(503, 'error trying to reach service: EOF'),
      [SERVICES]: { items: [{ ...service('nkvm'), spec: { ports } }] },
      [BINDINGS]: { items: [binding('nkvm')] },
      'GET nkvm/https:nkvm /volumes': volumeList([
        aVolume({ namespace: 'shop', name: 'orders-db' }),
      ]),
    });
    const name = 'Use it, Service https:nkvm in namespace nkvm';
    await user.click(await screen.findByRole('button', { name }));
    expect(await screen.findByRole('link', { name: 'orders-db' })).toBeVisible();
    expect(cluster.sent.at(-1)?.path).toContain('/services/https:nkvm:http/proxy/');
  });

  it('has to be named by hand without the permission to search', async () => {
    open({ [SERVICES]: refusal(403, 'services is forbidden') });
    expect(await screen.findByText(/enter it in the settings of the plugin/)).toBeVisible();
    expect(screen.getByRole('link', { name: 'Settings of the plugin' })).toHaveAttribute(
      'href',
      '/settings/plugins/nkvm'
    );
  });
});

it('says so when the session of a login proxy has ended', async () => {
  const page = new Response('<!doctype html><title>Log in</title>', {
    headers: { 'Content-Type': 'text/html' },
  });
  open({ [TOKEN_REQUEST]: { spec: {}, status: { token: 'minted' } }, 'GET /volumes': page });
  expect(await screen.findByText('Your session at the login proxy has ended')).toBeVisible();
  expect(screen.getByRole('button', { name: 'Reload this page' })).toBeVisible();
});
