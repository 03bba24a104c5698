import { expect, it } from 'vitest';
import type { Facts } from './facts.ts';
import type { Claim } from './inventory.ts';
import { joinClaims } from './join.ts';
import { claim, pod, workload } from './testFacts.ts';

const empty: Facts = {
  claims: [claim('data')],
  volumes: [],
  storageClasses: [],
  nodes: [],
  pods: [],
  workloads: [],
};
const on = (...zones: string[]) => [
  { matchExpressions: [{ key: 'zone', operator: 'In', values: zones }] },
];
const node = (name: string, zone: string) => ({
  name,
  labels: { zone },
  unschedulable: false,
  ready: true,
});
const nodes = [node('node-a', 'east'), node('node-b', 'west'), node('node-c', 'west')];

it('gives what the claim itself says, without its ownerReference', () => {
  const [joined] = joinClaims({
    ...empty,
    claims: [claim('data', { labels: { backup: 'daily' } })],
  });
  expect(joined).toEqual({
    namespace: 'shop',
    name: 'data',
    uid: 'PersistentVolumeClaim/data',
    phase: 'Bound',
    capacityBytes: 1024 ** 3,
    requestedBytes: 1024 ** 3,
    accessModes: ['ReadWriteOnce'],
    volumeMode: 'Filesystem',
    storageClass: 'standard',
    volumeName: 'pv-data',
    labels: { backup: 'daily' },
    createdAt: '2026-01-01T00:00:00Z',
    terminating: false,
    node: null,
    nodeSelectorTerms: [],
    waitsForFirstConsumer: false,
    pods: [],
    owner: {
      kind: 'Unknown',
      reason: 'no pod mounts it, and no workload of its namespace names it',
    },
  } satisfies Claim);
});

it.each<[string, Partial<Facts>, Partial<Claim>]>([
  [
    'a volume that one node can use is on that node',
    { volumes: [{ name: 'pv-data', nodeSelectorTerms: on('east') }], nodes },
    { node: 'node-a', nodeSelectorTerms: on('east') },
  ],
  [
    'a volume that several nodes can use is on no node, and keeps its terms',
    { volumes: [{ name: 'pv-data', nodeSelectorTerms: on('west') }], nodes },
    { node: null, nodeSelectorTerms: on('west') },
  ],
  [
    'another volume does not count',
    { volumes: [{ name: 'pv-other', nodeSelectorTerms: on('east') }], nodes },
    { node: null, nodeSelectorTerms: [] },
  ],
  [
    'the class waits for a pod',
    { storageClasses: [{ name: 'standard', waitsForFirstConsumer: true }] },
    { waitsForFirstConsumer: true },
  ],
  [
    'another class waits for a pod',
    {
      storageClasses: [
        { name: 'standard', waitsForFirstConsumer: false },
        { name: 'fast', waitsForFirstConsumer: true },
      ],
    },
    { waitsForFirstConsumer: false },
  ],
  [
    'pods that mount it are sorted by name; finished ones mount nothing',
    {
      pods: [
        pod('c', { claims: ['data'], phase: 'Pending', node: null }),
        pod('d', { claims: ['data'], phase: 'Succeeded' }),
        pod('e', { claims: ['data'], phase: 'Failed' }),
        pod('b', { claims: ['data'], phase: 'Unknown' }),
        pod('a', { claims: ['data'] }),
      ],
    },
    {
      pods: [
        { name: 'a', phase: 'Running', node: 'node-a' },
        { name: 'b', phase: 'Unknown', node: 'node-a' },
        { name: 'c', phase: 'Pending', node: null },
      ],
    },
  ],
  [
    'a finished pod owns it nevertheless',
    {
      pods: [pod('import-x', { claims: ['data'], phase: 'Succeeded', owner: 'Job/import' })],
      workloads: [workload('Job/import')],
    },
    {
      pods: [],
      owner: { kind: 'Single', owner: { apiVersion: 'batch/v1', kind: 'Job', name: 'import' } },
    },
  ],
])('%s', (_, facts, expected) => {
  expect(joinClaims({ ...empty, ...facts })[0]).toMatchObject(expected);
});

it('orders by namespace, then name, by code unit', () => {
  const claims = [
    claim('b'),
    claim('a-1'),
    claim('z', { namespace: 'office' }),
    claim('a', { namespace: 'shop-2' }),
    claim('a10'),
    claim('a2'),
  ];
  const joined = joinClaims({ ...empty, claims });
  expect(joined.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
    'office/z',
    'shop/a-1',
    'shop/a10',
    'shop/a2',
    'shop/b',
    'shop-2/a',
  ]);
});
