import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { accessOf } from '../cluster/gateway/access.ts';
import { execInPod } from '../cluster/gateway/exec.ts';
import type { Gateway } from '../cluster/gateway/gateway.ts';
import { podsOf } from '../cluster/gateway/pods.ts';
import type { Workload } from '../cluster/inventory/workloads.ts';
import { workloadsOf } from '../cluster/inventory/workloads.ts';
import type { NewClaim } from '../cluster/writes/claimWrites.ts';
import { claimWritesOf } from '../cluster/writes/claimWrites.ts';
import type { ClaimEvent } from '../cluster/writes/events.ts';
import { eventsOf } from '../cluster/writes/events.ts';
import { remoteGateway } from './remoteGateway.ts';
import { writesInCluster } from './writesInCluster.ts';

/** UID of the cluster that the address leads to; undefined: its API server does not say. */
let uid: string | undefined;
/** Requests that change something: `METHOD PATH`. */
let written: string[];
let gateway: Gateway;

beforeEach(async () => {
  uid = 'uid-edge';
  written = [];
  const server = http.createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    if (request.method !== 'GET') written.push(`${request.method} ${path}`);
    response.setHeader('content-type', 'application/json');
    if (path !== '/api/v1/namespaces') return void response.end('{}');
    response.statusCode = uid === undefined ? 403 : 200;
    response.end(JSON.stringify({ items: [{ metadata: { uid } }] }));
  });
  server.on('upgrade', (request, socket) => {
    written.push(`EXEC ${request.url?.split('?')[0]}`);
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    {
      name: 'edge',
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      skipTLSVerify: true,
    },
    { name: 'nkvm', token: 'x' }
  );
  const way = remoteGateway({ kubeConfig }, { isLoopbackAllowed: true });
  gateway = writesInCluster(way, { name: 'edge', uid: 'uid-edge' });
  onTestFinished(() => {
    way.stop();
    server.close();
    server.closeAllConnections();
  });
});

const claim: NewClaim = {
  ...{ namespace: 'shop', name: 'orders-db', labels: {}, annotations: {} },
  ...{ accessModes: ['ReadWriteOnce'], size: '1Gi' },
};
const id = { namespace: 'shop', name: 'orders-db', uid: 'u' };
const workload = {
  ...{ kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u', resourceVersion: '1' },
} as Workload;
const event: ClaimEvent = {
  ...{ name: 'e', claim: id, reason: 'BackupSucceeded', message: 'done' },
  ...{ type: 'Normal', at: '2026-11-26T10:00:00.000Z' },
};

const WRITES: [what: string, write: () => Promise<unknown>][] = [
  ['a new claim', () => claimWritesOf(gateway).create(claim)],
  ['the trial of a new claim', () => claimWritesOf(gateway).tryCreate(claim)],
  ['an annotation of a claim', () => claimWritesOf(gateway).annotate(id, {})],
  ['the deletion of a claim', () => claimWritesOf(gateway).remove(id, { limitMs: 0 })],
  [
    'a workload that is stopped',
    () => workloadsOf(gateway).change(workload, { note: 'x', replicas: 0 }),
  ],
  ['a helper pod', () => podsOf(gateway).create('shop', { metadata: { name: 'h' } })],
  ['the deletion of a pod', () => podsOf(gateway).remove('shop', 'h')],
  [
    'a command in a pod',
    () => execInPod(gateway, { namespace: 'shop', pod: 'h', container: 'helper' }, ['true']),
  ],
];

describe.each(WRITES)('%s', (_, write) => {
  it('is written to the cluster that it is for', async () => {
    await write().catch(() => undefined); // the answers are those of nothing
    expect(written).toHaveLength(1);
  });

  it('is not written to another one that has its address now', async () => {
    uid = 'uid-other';
    await expect(write()).rejects.toMatchObject({
      ...{ reason: 'ClusterReplaced', class: 'needs-action' },
      message: expect.stringContaining('cluster edge'),
    });
    expect(written).toEqual([]);
  });

  it('is not written where the API server does not say which cluster it is', async () => {
    uid = undefined;
    await expect(write()).rejects.toMatchObject({ name: 'ApiFailure', status: 403 });
    expect(written).toEqual([]);
  });
});

it('an Event about a claim is not written to another cluster', async () => {
  expect(await eventsOf(gateway)(event)).toMatchObject({ outcome: 'sent' });
  uid = 'uid-other';
  expect(await eventsOf(gateway)(event)).toMatchObject({
    outcome: 'failed',
    message: expect.stringContaining('cluster edge'),
  });
  expect(written).toEqual(['POST /api/v1/namespaces/shop/events']);
});

it('a question about rights needs no question before it', async () => {
  uid = undefined;
  const list = { verb: 'list', group: '', resource: 'persistentvolumeclaims' } as const;
  expect(await accessOf(gateway).mayI(list)).toBe(false);
});
