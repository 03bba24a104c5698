import { expect, it } from 'vitest';
import {
  claimFact,
  cronJobFact,
  namespaceFact,
  nodeFact,
  podFact,
  statefulSetFact,
  storageClassFact,
  volumeFact,
  workloadFact,
} from './projections.ts';

const metadata = {
  namespace: 'shop',
  name: 'x',
  uid: 'u-1',
  creationTimestamp: '2026-01-02T03:04:05Z',
};
const template = (...claims: string[]) => ({
  spec: {
    containers: [],
    volumes: [
      { name: 'tmp', emptyDir: {} },
      ...claims.map((claimName, i) => ({ name: `v${i}`, persistentVolumeClaim: { claimName } })),
    ],
  },
});

it('keeps of a bound claim what the contract needs', () => {
  const fact = claimFact({
    metadata: {
      ...metadata,
      labels: { backup: 'daily' },
      deletionTimestamp: '2026-01-03T00:00:00Z',
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u-8' },
        {
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          name: 'db',
          uid: 'u-9',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '1.5Gi' } },
      storageClassName: 'fast',
      volumeMode: 'Block',
      volumeName: 'pv-1',
    },
    status: { phase: 'Bound', capacity: { storage: '2Gi' } },
  });
  expect(fact).toEqual({
    namespace: 'shop',
    name: 'x',
    uid: 'u-1',
    phase: 'Bound',
    capacityBytes: 2 * 1024 ** 3,
    requestedBytes: 1.5 * 1024 ** 3,
    accessModes: ['ReadWriteMany'],
    volumeMode: 'Block',
    storageClass: 'fast',
    volumeName: 'pv-1',
    labels: { backup: 'daily' },
    createdAt: '2026-01-02T03:04:05Z',
    terminating: true,
    deletingSince: '2026-01-03T00:00:00Z',
    controller: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'u-9' },
  });
});

it('does not take the volume that a pending claim asks for as the one that it has', () => {
  const fact = claimFact({
    metadata,
    spec: {
      volumeName: 'wanted',
      storageClassName: '',
      resources: { requests: { storage: '1Gi' } },
    },
    status: { phase: 'Pending' },
  });
  expect(fact).toMatchObject({
    phase: 'Pending',
    capacityBytes: null,
    requestedBytes: 1024 ** 3,
    storageClass: null,
    volumeMode: 'Filesystem',
    volumeName: null,
    labels: {},
    terminating: false,
  });
});

it('remembers the volume of a lost claim', () => {
  expect(
    claimFact({ metadata, spec: { volumeName: 'pv-1' }, status: { phase: 'Lost' } })
  ).toMatchObject({
    phase: 'Lost',
    volumeName: 'pv-1',
  });
});

it('keeps a pod with its claims, each once, and the claims of its ephemeral volumes', () => {
  const { spec } = template('a', 'b', 'a');
  const volumes = [...spec.volumes, { name: 'scratch', ephemeral: {} }];
  const pod = podFact({
    metadata,
    spec: { ...spec, volumes, nodeName: 'node-a' },
    status: { phase: 'Running' },
  });
  expect(pod).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: 'shop',
    name: 'x',
    uid: 'u-1',
    controller: undefined,
    phase: 'Running',
    node: 'node-a',
    claims: ['a', 'b'],
    ephemeralClaims: ['x-scratch'],
  });
});

const IN_USE =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
it.each<[string, object, object, object]>([
  ['is being deleted', { deletionTimestamp: 't' }, { phase: 'Running' }, { terminating: true }],
  [
    'waits for a claim that another pod uses',
    {},
    {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: `0/2 nodes: 2 ${IN_USE}` }],
    },
    { wantsOnly: true },
  ],
  [
    'waits for room',
    {},
    {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: '2 Insufficient cpu' }],
    },
    {},
  ],
  [
    'has its volumes, and waits for its image',
    {},
    {
      phase: 'Pending',
      conditions: [{ type: 'PodReadyToStartContainers', status: 'True' }],
    },
    { hasVolumes: true },
  ],
  [
    'runs: what it has is of no matter',
    {},
    { phase: 'Running', conditions: [{ type: 'PodReadyToStartContainers', status: 'True' }] },
    {},
  ],
])('knows that a pod %s', (_, more, status, expected) => {
  const { terminating, wantsOnly, hasVolumes } =
    podFact({ metadata: { ...metadata, ...more }, spec: template('a').spec, status }) ?? {};
  const kept = Object.entries({ terminating, wantsOnly, hasVolumes });
  expect(Object.fromEntries(kept.filter(([, value]) => value !== undefined))).toEqual(expected);
});

it('keeps no pod without a claim', () => {
  expect(podFact({ metadata, ...template() })).toBeUndefined();
});

it('gives a pod that no kubelet has seen no node', () => {
  expect(podFact({ metadata, ...template('a') })).toMatchObject({ node: null, phase: 'Unknown' });
});

it('keeps the claims in the pod template of a workload', () => {
  const project = workloadFact('apps/v1', 'Deployment');
  expect(project({ metadata, spec: { template: template('a', 'b') } })).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace: 'shop',
    name: 'x',
    uid: 'u-1',
    controller: undefined,
    claims: ['a', 'b'],
    claimTemplates: [],
    matchLabels: {},
  });
});

it('finds the pod template of a CronJob in its Job template', () => {
  const spec = { schedule: '* * * * *', jobTemplate: { spec: { template: template('a') } } };
  expect(cronJobFact({ metadata, spec })).toMatchObject({ kind: 'CronJob', claims: ['a'] });
});

it('keeps the claim templates of a StatefulSet, and the labels that it puts on the claims', () => {
  const spec = {
    serviceName: 'db',
    selector: { matchLabels: { app: 'db' } },
    template: template('shared'),
    volumeClaimTemplates: [{ metadata: { name: 'data' } }, { metadata: { name: 'logs' } }],
  };
  expect(statefulSetFact({ metadata, spec })).toMatchObject({
    kind: 'StatefulSet',
    claims: ['shared'],
    claimTemplates: ['data', 'logs'],
    matchLabels: { app: 'db' },
  });
});

it('keeps only volumes that are bound to certain nodes', () => {
  const nodeSelectorTerms = [
    { matchExpressions: [{ key: 'zone', operator: 'In', values: ['east'] }] },
  ];
  expect(
    volumeFact({ metadata, spec: { nodeAffinity: { required: { nodeSelectorTerms } } } })
  ).toEqual({
    name: 'x',
    nodeSelectorTerms,
  });
  expect(volumeFact({ metadata, spec: {} })).toBeUndefined();
});

it.each([
  ['WaitForFirstConsumer', true],
  ['Immediate', false],
  [undefined, false],
])(
  'a class with binding mode %s waits for a pod: %s',
  (volumeBindingMode, waitsForFirstConsumer) => {
    expect(storageClassFact({ metadata, provisioner: 'p', volumeBindingMode })).toEqual({
      name: 'x',
      waitsForFirstConsumer,
    });
  }
);

it.each([
  ['is ready', [{ type: 'Ready', status: 'True' }], true],
  ['is not ready', [{ type: 'Ready', status: 'Unknown' }], false],
  ['has said nothing yet', undefined, false],
])('a node that %s', (_, conditions, ready) => {
  const node = nodeFact({
    metadata: { ...metadata, labels: { zone: 'east' } },
    spec: {},
    status: { conditions },
  });
  expect(node).toEqual({ name: 'x', labels: { zone: 'east' }, unschedulable: false, ready });
});

it('knows the taints of a node, and that it is being deleted', () => {
  const taint = { key: 'dedicated', value: 'db', effect: 'NoExecute' };
  const spec = { taints: [{ ...taint, timeAdded: '2026-01-01T00:00:00Z' }] };
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  expect(nodeFact({ metadata: { ...metadata, deletionTimestamp }, spec })).toMatchObject({
    terminating: true,
    taints: [taint],
  });
});

it('knows a node that is cordoned', () => {
  expect(nodeFact({ metadata, spec: { unschedulable: true } }).unschedulable).toBe(true);
});

it('reads on a claim that a restore has not proven what it holds', () => {
  const markOf = (annotations: Record<string, string>) =>
    claimFact({ metadata: { ...metadata, annotations } }).restoreMark;
  const installation = { 'nkvm.io/installation': 'i-1' };
  expect(markOf({})).toBeUndefined();
  expect(markOf(installation)).toBeUndefined();
  expect(markOf({ ...installation, 'nkvm.io/restoring': '01a' })).toEqual({
    state: 'restoring',
    runId: '01a',
    installation: 'i-1',
  });
  expect(markOf({ 'nkvm.io/restoring': '01a', 'nkvm.io/incomplete': '01b' })).toEqual({
    state: 'incomplete',
    runId: '01b',
    installation: null,
  });
});

it('keeps the note of a restore on a workload, and nothing where there is none', () => {
  const annotations = { 'nkvm.io/restore': '{"run":"r"}' };
  const deployment = workloadFact('apps/v1', 'Deployment');
  expect(deployment({ metadata: { ...metadata, annotations } }).restoreNote).toBe('{"run":"r"}');
  expect('restoreNote' in deployment({ metadata })).toBe(false);
});

it('a claim keeps its annotations about entries that backups leave out, and no others', () => {
  const annotations = { 'nkvm.io/exclude': './cache', 'nkvm.io/include-mounts': 'true', a: 'b' };
  const { leaveOutNotes } = claimFact({ metadata: { name: 'a', annotations } });
  expect(leaveOutNotes).toEqual({ 'nkvm.io/exclude': './cache', 'nkvm.io/include-mounts': 'true' });
});

it('keeps the labels of a namespace', () => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  expect(namespaceFact({ metadata: { ...metadata, labels } })).toMatchObject({ name: 'x', labels });
});

const volume = { name: 'v', persistentVolumeClaim: { claimName: 'a' } };
const mounting = (securityContext?: object) => ({
  ...{ name: 'app', volumeMounts: [{ name: 'v', mountPath: '/' }] },
  ...(securityContext && { securityContext }),
});

it.each<[string, object, object | undefined]>([
  ['nothing', { containers: [mounting()] }, undefined],
  [
    'its own ids',
    {
      securityContext: { runAsUser: 5, runAsGroup: 6, fsGroup: 7, supplementalGroups: [8] },
      containers: [mounting()],
    },
    { user: 5, group: 6, groups: [7, 8] },
  ],
  [
    'those of the container that mounts the claim, which come first',
    {
      securityContext: { runAsUser: 5, runAsGroup: 6 },
      containers: [
        { name: 'other', securityContext: { runAsUser: 9 } },
        mounting({ runAsUser: 10 }),
      ],
    },
    { user: 10, group: 6, groups: [] },
  ],
])('keeps of the ids of a pod %s', (_, spec, runsAs) => {
  const whole = { containers: [], volumes: [volume], ...spec };
  expect(podFact({ metadata, spec: whole })?.runsAs).toEqual(runsAs);
  const deployment = workloadFact('apps/v1', 'Deployment');
  expect(deployment({ metadata, spec: { template: { spec: whole } } }).runsAs).toEqual(runsAs);
});

it('keeps the ids of a StatefulSet, whose volumes have the names of its templates', () => {
  const spec = {
    serviceName: 'x',
    selector: {},
    volumeClaimTemplates: [{ metadata: { name: 'v' } }],
    template: { spec: { containers: [mounting({ runAsUser: 10 })] } },
  };
  expect(statefulSetFact({ metadata, spec }).runsAs).toEqual({
    user: 10,
    group: undefined,
    groups: [],
  });
});
