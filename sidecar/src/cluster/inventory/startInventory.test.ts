import { isDeepStrictEqual } from 'node:util';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import {
  kubeConfigFor,
  ListWatchServer,
  type ServedObject,
} from '../../../../tests/support/listWatchServer.ts';
import { gatewayOf } from '../gateway/gateway.ts';
import { resources } from '../limits/resources.ts';
import { watchLimits } from '../watch/watchCache.ts';
import type { ClusterInventory } from './inventory.ts';
import { type InventoryOptions, startInventory } from './startInventory.ts';

let server: ListWatchServer;
let port: number;

beforeEach(async () => {
  server = new ListWatchServer();
  port = await server.listen();
  onTestFinished(() => server.close());

  put('namespaces', { name: 'shop', uid: 'u-shop', creationTimestamp: '2026-01-02T03:04:05Z' });
  put('namespaces', { name: 'office' });
  put('nodes', { name: 'node-a', labels: { zone: 'east' } }, { spec: { unschedulable: true } });
  put('storageClasses', { name: 'fast' }, { volumeBindingMode: 'WaitForFirstConsumer' });
  put('volumes', { name: 'pv-1' }, inZone('east'));
  put('claims', { namespace: 'shop', name: 'orders', uid: 'u-orders' }, boundTo('pv-1'));
  put('claims', { namespace: 'office', name: 'files', uid: 'u-files' }, boundTo('pv-2'));
  put('deployments', { namespace: 'shop', name: 'web', uid: 'u-web' });
  put('replicaSets', {
    namespace: 'shop',
    name: 'web-1',
    uid: 'u-web-1',
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u-web', controller: true },
    ],
  });
  put('pods', web1, mounting('orders'));
});

const web1 = {
  namespace: 'shop',
  name: 'web-1-x',
  uid: 'u-web-1-x',
  ownerReferences: [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'u-web-1', controller: true },
  ],
};

const put = (
  resource: keyof typeof resources,
  metadata: ServedObject['metadata'],
  rest: object = {}
) => server.put(resources[resource].path, { metadata, ...rest });

const boundTo = (volumeName: string) => ({
  spec: { volumeName, storageClassName: 'fast' },
  status: { phase: 'Bound', capacity: { storage: '1Gi' } },
});

const inZone = (zone: string) => ({
  spec: {
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] },
        ],
      },
    },
  },
});

const mounting = (claimName: string) => ({
  spec: { nodeName: 'node-a', volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] },
  status: { phase: 'Running' },
});

function start(options: Partial<InventoryOptions> = {}): ClusterInventory {
  const inventory = startInventory(gatewayOf(kubeConfigFor(port)), {
    log: { info: () => {}, warn: () => {} },
    limits: { ...watchLimits, retryMs: () => 5 },
    ...options,
  });
  onTestFinished(() => inventory.stop());
  return inventory;
}

async function started(options: Partial<InventoryOptions> = {}): Promise<ClusterInventory> {
  const inventory = start(options);
  await inventory.ready(5_000);
  return inventory;
}

const eventually = <T>(look: () => T) => expect.poll(look, { interval: 5, timeout: 5_000 });

it('joins what it watches, with one list a resource and none a claim', async () => {
  const inventory = await started();
  expect(inventory.claims().map(({ name }) => name)).toEqual(['files', 'orders']);
  expect(inventory.claim('shop', 'orders')).toMatchObject({
    uid: 'u-orders',
    node: 'node-a',
    waitsForFirstConsumer: true,
    pods: [{ name: 'web-1-x', phase: 'Running', node: 'node-a' }],
    owner: { kind: 'Single', owner: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
  });
  const lists = server.requests.filter(({ verb }) => verb === 'LIST').map(({ path }) => path);
  expect(lists.sort()).toEqual(
    Object.values(resources)
      .map(({ path }) => path)
      .sort()
  );
});

it('names namespaces and nodes', async () => {
  const inventory = await started();
  expect(inventory.namespaces()).toEqual(['office', 'shop']);
  expect(inventory.namespace('shop')).toEqual({
    name: 'shop',
    uid: 'u-shop',
    createdAt: '2026-01-02T03:04:05Z',
  });
  expect(inventory.namespace('none')).toBeUndefined();
  expect(inventory.nodes()).toEqual([
    { name: 'node-a', labels: { zone: 'east' }, unschedulable: true, ready: false },
  ]);
});

it('sees what happens after the first list', async () => {
  const inventory = await started();
  put('claims', { namespace: 'shop', name: 'basket', uid: 'u-basket' });
  await eventually(() => inventory.claim('shop', 'basket')?.phase).toBe('Pending');
  server.remove(resources.pods.path, 'web-1-x', 'shop');
  await eventually(() => inventory.claim('shop', 'orders')?.pods).toEqual([]);
});

it('counts our own helper pod neither as a user nor as an owner', async () => {
  const own = { namespace: 'office', name: 'helper-1', labels: { 'nkvm.io/run': '1' } };
  put('pods', { ...own, uid: 'u-h1' }, mounting('files'));
  const inventory = await started({ isOwnHelper: pod => isDeepStrictEqual(pod, own) });
  expect(inventory.claim('office', 'files')).toMatchObject({
    pods: [],
    owner: { kind: 'Unknown' },
  });
  put('pods', { ...own, name: 'copy', uid: 'u-h2' }, mounting('files'));
  await eventually(() => inventory.claim('office', 'files')?.pods.map(({ name }) => name)).toEqual([
    'copy',
  ]);
});

it('tells of every pod that the watch brings, of our own helpers and of one that is gone, too', async () => {
  const told: string[] = [];
  await started({
    isOwnHelper: () => true,
    onPod: ({ namespace, name }) => told.push(`${namespace}/${name}`),
  });
  put('pods', { namespace: 'office', name: 'helper-1', uid: 'u-h1' }, mounting('files'));
  await eventually(() => told).toEqual(['office/helper-1']);
  server.remove(resources.pods.path, 'helper-1', 'office');
  await eventually(() => told).toEqual(['office/helper-1', 'office/helper-1']);
});

it('knows the UID and the age of a namespace', async () => {
  const at = '2026-11-20T10:00:00Z';
  put('namespaces', { name: 'dated', uid: 'u-dated', creationTimestamp: at });
  const inventory = await started();
  expect(inventory.namespace('dated')).toMatchObject({ uid: 'u-dated', createdAt: at });
  expect(inventory.namespace('nowhere')).toBeUndefined();
});

it('says how long something cannot be read already', async () => {
  const inventory = await started();
  server.refuse(resources.pods.path, 403, 'pods is forbidden');
  server.cut(resources.pods.path);
  await eventually(() => inventory.problems()).toHaveLength(1);
  expect(inventory.problems(60_000)).toEqual([]);
  await eventually(() => inventory.problems(50)).toHaveLength(1);
});

it('is not ready without a list of every resource, and says which are missing and why', async () => {
  server.refuse(resources.pods.path, 403, 'pods is forbidden');
  server.ignore(resources.cronJobs.path);
  const inventory = start();
  // Soon only these two are missing.
  await eventually(() => inventory.ready(10).catch((error: Error) => error.message)).toBe(
    'the inventory is not complete after 0.01 s: ' +
      'pods: the rights list and watch are missing, bind ClusterRole nkvm-cluster-discovery (pods is forbidden); ' +
      'cronjobs: no list yet'
  );
  expect(inventory.isReady()).toBe(false);
  expect(inventory.problems()).toHaveLength(1);
});

it('becomes ready as soon as the missing right is granted', async () => {
  server.refuse(resources.pods.path, 403, 'pods is forbidden');
  const inventory = start();
  const ready = inventory.ready(5_000);
  await eventually(() => inventory.problems()).toHaveLength(1);
  server.allow(resources.pods.path);
  await ready;
  expect(inventory.isReady()).toBe(true);
  await eventually(() => inventory.problems()).toEqual([]);
});

it('leaves no watch behind', async () => {
  const inventory = await started();
  const open = () =>
    Object.values(resources).reduce((sum, { path }) => sum + server.openWatches(path), 0);
  await eventually(open).toBe(12);
  await inventory.stop();
  await eventually(open).toBe(0);
});
