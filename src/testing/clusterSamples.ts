import { Cluster, ClusterCheck, ClusterList } from '../../sidecar/api';

const HOUR_MS = 3_600_000;

/** The cluster of NKVM; tests say only in what theirs differs. */
export const ownCluster = (differs: Partial<Cluster> = {}): Cluster =>
  Cluster.parse({
    ...{ name: 'main', isOwn: true, state: 'ready', since: null, problem: null },
    ...{ server: '10.0.0.1:6443', version: 'v1.36.3', uid: 'uid-of-main', volumes: 42 },
    source: null,
    ...differs,
  });

/** Another cluster that works. */
export const otherCluster = (differs: Partial<Cluster> = {}): Cluster =>
  Cluster.parse({
    ...ownCluster(),
    ...{ name: 'site-b', isOwn: false, volumes: null, server: 'k8s.site-b.example.com:6443' },
    uid: 'uid-of-b',
    since: new Date(Date.now() - 3 * HOUR_MS).toISOString(),
    source: { kind: 'secret', name: 'nkvm-cluster-site-b' },
    ...differs,
  });

export const unreachableCluster = (): Cluster =>
  otherCluster({
    name: 'site-c',
    state: 'unreachable',
    version: 'v1.34.8',
    server: '10.20.0.5:6443',
    source: { kind: 'file', name: '/etc/nkvm/clusters/site-c.yaml' },
    problem: {
      reason: 'ClusterUnreachable',
      message: 'the cluster at 10.20.0.5:6443 cannot be read: connect ECONNREFUSED 10.20.0.5:6443',
      hint: 'see whether NKVM reaches that address',
    },
  });

export const refusedCluster = (): Cluster =>
  otherCluster({
    name: 'eks-production',
    state: 'refused',
    ...{ since: null, server: null, version: null, uid: null },
    source: { kind: 'secret', name: 'eks' },
    problem: {
      reason: 'KubeconfigFieldRefused',
      message: 'the field user.exec of the kubeconfig starts a program',
      hint: 'make a kubeconfig for a ServiceAccount of that cluster, as docs/operations/clusters.md shows',
    },
  });

export const clusterList = (clusters: Cluster[], may = true): ClusterList =>
  ClusterList.parse({ clusters, mayAdd: may, mayManage: may });

export const aClusterCheck = (differs: Partial<ClusterCheck> = {}): ClusterCheck =>
  ClusterCheck.parse({
    ...{ name: 'site-b', server: 'k8s.site-b.example.com:6443', version: 'v1.36.3' },
    ...{ uid: 'uid-of-b', missing: [], mayTooMuch: false, isStored: false },
    ...differs,
  });
