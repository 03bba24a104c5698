import { expect, it } from 'vitest';
import { claim, pod, workload } from '../../testing/cluster/testFacts.ts';
import type { NamespaceFacts } from '../watch/facts.ts';
import type { Claim } from './inventory.ts';
import { joinClaims } from './join.ts';
import type { Storage } from './storage.ts';

const alone: NamespaceFacts = { claims: [claim('data')], pods: [], workloads: [] };
const plain: Storage = { places: new Map(), waitingClasses: new Set() };
const terms = [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['east'] }] }];

it('gives what the claim itself says, without its ownerReference', () => {
  const claims = [claim('data', { labels: { backup: 'daily' } })];
  expect(joinClaims({ ...alone, claims }, plain)).toEqual([
    {
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
    } satisfies Claim,
  ]);
});

it.each<[string, Partial<Storage>, Partial<Claim>]>([
  [
    'a volume has a place',
    { places: new Map([['pv-data', { node: 'node-a', terms }]]) },
    { node: 'node-a', nodeSelectorTerms: terms },
  ],
  [
    'another volume has a place',
    { places: new Map([['pv-other', { node: 'node-a', terms }]]) },
    { node: null, nodeSelectorTerms: [] },
  ],
  [
    'the class waits for a pod',
    { waitingClasses: new Set(['standard']) },
    { waitsForFirstConsumer: true },
  ],
  [
    'another class waits for a pod',
    { waitingClasses: new Set(['fast']) },
    { waitsForFirstConsumer: false },
  ],
])('%s', (_, storage, expected) => {
  expect(joinClaims(alone, { ...plain, ...storage })[0]).toMatchObject(expected);
});

it('sorts the pods that mount a claim by name; finished ones mount nothing', () => {
  const claims = ['data'];
  const pods = [
    pod('c', { claims, phase: 'Pending', node: null }),
    pod('d', { claims, phase: 'Succeeded' }),
    pod('e', { claims, phase: 'Failed' }),
    pod('b', { claims, phase: 'Unknown' }),
    pod('a', { claims }),
  ];
  expect(joinClaims({ ...alone, pods }, plain)[0]?.pods).toEqual([
    { name: 'a', phase: 'Running', node: 'node-a' },
    { name: 'b', phase: 'Unknown', node: 'node-a' },
    { name: 'c', phase: 'Pending', node: null },
  ]);
});

it('takes the owner of a finished pod for the owner of the claim', () => {
  const facts = {
    ...alone,
    pods: [pod('import-x', { claims: ['data'], phase: 'Succeeded', owner: 'Job/import' })],
    workloads: [workload('Job/import')],
  };
  expect(joinClaims(facts, plain)[0]).toMatchObject({
    pods: [],
    owner: { kind: 'Single', owner: { apiVersion: 'batch/v1', kind: 'Job', name: 'import' } },
  });
});

it('orders claims by name, by code unit', () => {
  const claims = ['b', 'a-1', 'a10', 'a2', 'a'].map(name => claim(name));
  expect(joinClaims({ ...alone, claims }, plain).map(({ name }) => name)).toEqual([
    'a',
    'a-1',
    'a10',
    'a2',
    'b',
  ]);
});

it.each<[string, Partial<NamespaceFacts>, Claim['runsAs']]>([
  ['of nobody', {}, undefined],
  [
    'of its pods before those of a template',
    {
      pods: [pod('b', { claims: ['data'], runsAs: { user: 5, groups: [] } })],
      workloads: [
        workload('Deployment/a', { claims: ['data'], runsAs: { user: 6, group: 1, groups: [7] } }),
      ],
    },
    { user: 5, groups: [7] },
  ],
  [
    'of a template while nothing runs',
    {
      pods: [pod('a', { claims: ['data'], phase: 'Failed', runsAs: { user: 5, groups: [] } })],
      workloads: [workload('Deployment/a', { claims: ['data'], runsAs: { user: 6, groups: [] } })],
    },
    { user: 6, groups: [] },
  ],
  [
    'of the first that is not root, with the groups of all',
    {
      pods: [
        pod('a', { claims: ['data'], runsAs: { user: 0, group: 0, groups: [1, 2] } }),
        pod('c', { claims: ['data'], runsAs: { user: 8, group: 3, groups: [2, 4] } }),
        pod('b', { claims: ['data'], runsAs: { user: 7, groups: [] } }),
      ],
    },
    { user: 7, groups: [1, 2, 4] },
  ],
])('has the ids %s', (_, facts, expected) => {
  expect(joinClaims({ ...alone, ...facts }, plain)[0]?.runsAs).toEqual(expected);
});
