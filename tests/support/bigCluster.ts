import { resources } from '../../sidecar/src/cluster/limits/resources.ts';
import type { ListWatchServer } from './listWatchServer.ts';

export interface ClusterSize {
  namespaces: number;
  nodes: number;
  /** Each has a claim, a volume on one node, and a pod of a Deployment or a StatefulSet that mounts it. */
  claims: number;
  /** Pods without a claim. */
  otherPods: number;
  deployments: number;
  statefulSets: number;
  jobs: number;
}

/** managedFields and status make most of a real object: a pod is about 8 kB, a claim 2 kB. */
const ballast = (bytes: number) => [
  { manager: 'kubelet', operation: 'Update', fieldsV1: { 'f:status': 'x'.repeat(bytes) } },
];

const controlledBy = (apiVersion: string, kind: string, name: string) => [
  { apiVersion, kind, name, uid: `${kind}-${name}`, controller: true },
];

/** Fills a server with a cluster of that size. Claim `c-7` is in namespace `ns-7`, as is all that belongs to it. */
export function fillBigCluster(server: ListWatchServer, size: ClusterSize): void {
  const namespaceOf = (i: number) => `ns-${i % size.namespaces}`;
  const put = (
    resource: keyof typeof resources,
    metadata: { name: string; namespace?: string; [field: string]: unknown },
    rest: object,
    bytes = 1_000
  ) =>
    server.put(resources[resource].path, {
      metadata: {
        uid: metadata.name,
        creationTimestamp: '2026-01-01T00:00:00Z',
        managedFields: ballast(bytes),
        ...metadata,
      },
      ...rest,
    });
  const template = (claimName?: string) => ({
    spec: { volumes: claimName ? [{ name: 'data', persistentVolumeClaim: { claimName } }] : [] },
  });

  put('storageClasses', { name: 'fast' }, { volumeBindingMode: 'WaitForFirstConsumer' });
  for (let i = 0; i < size.namespaces; i++) put('namespaces', { name: `ns-${i}` }, {});
  for (let i = 0; i < size.nodes; i++) {
    put(
      'nodes',
      { name: `node-${i}`, labels: { 'kubernetes.io/hostname': `node-${i}` } },
      {},
      8_000
    );
  }

  const isOfStatefulSet = (i: number) => i % 4 === 3;
  for (let i = 0; i < size.statefulSets; i++) {
    const name = `set-${i}`;
    const spec = {
      selector: { matchLabels: { set: name } },
      template: template(),
      volumeClaimTemplates: [{ metadata: { name: 'data' } }],
    };
    put(
      'statefulSets',
      { name, namespace: namespaceOf(i), uid: `StatefulSet-${name}` },
      { spec },
      4_000
    );
  }
  for (let i = 0; i < size.deployments; i++) {
    const name = `web-${i}`;
    const namespace = namespaceOf(i);
    put(
      'deployments',
      { name, namespace, uid: `Deployment-${name}` },
      { spec: { template: template() } },
      4_000
    );
    for (let revision = 0; revision < 5; revision++) {
      put(
        'replicaSets',
        {
          name: `${name}-${revision}`,
          namespace,
          uid: `ReplicaSet-${name}-${revision}`,
          ownerReferences: controlledBy('apps/v1', 'Deployment', name),
        },
        { spec: { template: template() } },
        4_000
      );
    }
  }
  for (let i = 0; i < size.jobs; i++) {
    put(
      'jobs',
      { name: `job-${i}`, namespace: namespaceOf(i) },
      { spec: { template: template() } },
      4_000
    );
  }

  for (let i = 0; i < size.claims; i++) {
    const namespace = namespaceOf(i);
    const set = i % size.statefulSets;
    const name = isOfStatefulSet(i) ? `data-set-${set}-${i}` : `c-${i}`;
    const labels = { 'app.kubernetes.io/name': `app-${i}`, backup: 'daily', team: `team-${i % 7}` };
    put(
      'claims',
      { name, namespace, labels },
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '10Gi' } },
          storageClassName: 'fast',
          volumeMode: 'Filesystem',
          volumeName: `pvc-${i}`,
        },
        status: { phase: 'Bound', capacity: { storage: '10Gi' } },
      }
    );
    const values = [`node-${i % size.nodes}`];
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values }];
    put(
      'volumes',
      { name: `pvc-${i}` },
      { spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } } }
    );
    putPod(server, size, i, name);
  }
  for (let i = 0; i < size.otherPods; i++) putPod(server, size, size.claims + i);
}

/** Replaces pod `pod-I`, with another phase if one is given. */
export function putPod(
  server: ListWatchServer,
  size: ClusterSize,
  i: number,
  claimName?: string,
  phase = 'Running'
): void {
  const owner =
    i % 4 === 3
      ? controlledBy('apps/v1', 'StatefulSet', `set-${i % size.statefulSets}`)
      : controlledBy('apps/v1', 'ReplicaSet', `web-${i % size.deployments}-4`);
  const volumes = claimName ? [{ name: 'data', persistentVolumeClaim: { claimName } }] : [];
  server.put(resources.pods.path, {
    metadata: {
      name: `pod-${i}`,
      namespace: `ns-${i % size.namespaces}`,
      uid: `pod-${i}`,
      ownerReferences: owner,
      managedFields: ballast(7_000),
    },
    spec: { nodeName: `node-${i % size.nodes}`, volumes },
    status: { phase },
  });
}
