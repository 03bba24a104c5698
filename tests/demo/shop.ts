import type { Draft } from '../playground/store/object.ts';

/** Namespaces in which backups are allowed, and one in which they are not. */
export const OPEN = ['shop', 'billing'];
const LOCKED = 'vault';

interface Workload {
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob' | 'Pod';
  namespace: string;
  name: string;
  claim: string;
  replicas?: number;
  /** A shell line; the volume is at /data. */
  run?: string;
}

const workloads: Workload[] = [
  {
    kind: 'StatefulSet',
    namespace: 'shop',
    name: 'orders-db',
    claim: 'orders-db',
    // Like a database: it never stops writing.
    run: 'i=0; while :; do i=$((i+1)); echo "$(date) order $i" >> /data/journal; sleep 1; done',
  },
  { kind: 'Deployment', namespace: 'shop', name: 'storefront', claim: 'media' },
  { kind: 'Deployment', namespace: 'shop', name: 'thumbnailer', claim: 'media' },
  { kind: 'Deployment', namespace: 'shop', name: 'search', claim: 'search-index' },
  { kind: 'Deployment', namespace: 'shop', name: 'legacy-api', claim: 'uploads', replicas: 0 },
  { kind: 'Job', namespace: 'shop', name: 'import-products', claim: 'import-scratch', run: 'true' },
  { kind: 'Pod', namespace: 'shop', name: 'debug-shell', claim: 'notes' },
  { kind: 'Deployment', namespace: 'billing', name: 'ledger', claim: 'ledger' },
  { kind: 'Deployment', namespace: 'billing', name: 'statements', claim: 'statements' },
  { kind: 'CronJob', namespace: 'billing', name: 'monthly-report', claim: 'reports' },
  { kind: 'DaemonSet', namespace: 'billing', name: 'log-shipper', claim: 'shipped-logs' },
  { kind: 'Deployment', namespace: LOCKED, name: 'vault', claim: 'secrets' },
];

/** Claims that nothing of the above uses, or that differ from the others. */
const SHARED = ['media', 'shipped-logs'];
const ORPHAN = { namespace: 'shop', name: 'old-exports' };
const UNBOUND = { namespace: 'shop', name: 'not-yet-used' };
/** Bound without a pod: their StorageClass binds at once. */
const IMMEDIATE = ['old-exports', 'uploads', 'reports', 'retired-cms'];

const claimOf = (metadata: { namespace: string; name: string }): Draft => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata,
  spec: {
    accessModes: [SHARED.includes(metadata.name) ? 'ReadWriteMany' : 'ReadWriteOnce'],
    storageClassName: IMMEDIATE.includes(metadata.name) ? 'immediate' : 'fast',
    resources: { requests: { storage: SHARED.includes(metadata.name) ? '5Gi' : '1Gi' } },
  },
});

const claims = (): Draft[] => {
  const used = workloads.map(({ namespace, claim: name }) => ({ namespace, name }));
  const all = [...used, ORPHAN, UNBOUND].filter(
    (each, index, list) =>
      list.findIndex(
        ({ namespace, name }) => namespace === each.namespace && name === each.name
      ) === index
  );
  return all.map(claimOf);
};

const podSpec = ({ kind, claim, run = 'while :; do sleep 3600; done' }: Workload) => ({
  terminationGracePeriodSeconds: 1,
  ...((kind === 'Job' || kind === 'CronJob') && { restartPolicy: 'Never' }),
  containers: [
    {
      name: 'main',
      image: 'docker.io/library/debian:stable',
      command: ['sh', '-c', run],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
  ],
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
});

function draftOf(workload: Workload): Draft {
  const { kind, namespace, name, replicas = 1 } = workload;
  const metadata = { name, namespace };
  const labels = { app: name };
  const template = { metadata: { labels }, spec: podSpec(workload) };
  const selector = { matchLabels: labels };
  switch (kind) {
    case 'Pod':
      return { apiVersion: 'v1', kind, metadata, spec: podSpec(workload) };
    case 'Job':
      return { apiVersion: 'batch/v1', kind, metadata, spec: { template } };
    case 'CronJob': {
      const spec = { schedule: '0 4 1 * *', jobTemplate: { spec: { template } } };
      return { apiVersion: 'batch/v1', kind, metadata, spec };
    }
    case 'DaemonSet':
      return { apiVersion: 'apps/v1', kind, metadata, spec: { selector, template } };
    case 'Deployment':
      return { apiVersion: 'apps/v1', kind, metadata, spec: { replicas, selector, template } };
    case 'StatefulSet': {
      const spec = { replicas, serviceName: name, selector, template };
      return { apiVersion: 'apps/v1', kind, metadata, spec };
    }
  }
}

const bound = (role: 'nkvm-runtime' | 'nkvm-restore', namespace: string): Draft => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: role, namespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'ServiceAccount', name: 'nkvm-runner', namespace: 'nkvm' }],
});

/** Somebody who may see everything that `view` shows in every namespace, and no more. */
const VIEWER: Draft = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'viewer' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'viewer' }],
};

/** A small shop: a dozen workloads over three namespaces, with a volume each. */
export const shop = (): Draft[] => [
  ...[...OPEN, LOCKED].map(name => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  })),
  ...OPEN.map(namespace => bound('nkvm-runtime', namespace)),
  VIEWER,
  ...claims(),
  ...workloads.map(draftOf),
];

/** A claim whose volume gets files, and how many bytes about. */
export interface Filling {
  namespace: string;
  claim: string;
  bytes: number;
}

/** Volumes that hold files. */
export const FILLED: Filling[] = [
  { namespace: 'shop', claim: 'orders-db', bytes: 20e6 },
  { namespace: 'shop', claim: 'media', bytes: 150e6 },
  { namespace: 'shop', claim: 'search-index', bytes: 8e6 },
  { namespace: 'shop', claim: 'uploads', bytes: 3e6 },
  { namespace: 'shop', claim: 'notes', bytes: 2e4 },
  { namespace: 'shop', claim: 'old-exports', bytes: 12e6 },
  { namespace: 'billing', claim: 'ledger', bytes: 5e6 },
  { namespace: 'billing', claim: 'statements', bytes: 600e6 },
  { namespace: 'billing', claim: 'reports', bytes: 1e6 },
];

/** Lets NKVM restore into the namespaces in which backups are allowed. */
export const restoresAllowed = (): Draft[] =>
  OPEN.map(namespace => bound('nkvm-restore', namespace));

/** What is backed up before anybody clicks, so that there is a history. */
export const BACKED_UP = [
  { namespace: 'shop', name: 'orders-db' },
  { namespace: 'shop', name: 'uploads' },
  { namespace: 'billing', name: 'ledger' },
  { namespace: 'shop', name: 'orders-db' },
];

/** Is backed up and then deleted: only its backup is left. */
export const RETIRED = claimOf({ namespace: 'shop', name: 'retired-cms' });

/** How often volumes are backed up, as somebody has chosen it; the namespace billing has a schedule of its own. */
export const SCHEDULED: { namespace: string; name?: string; backup: string }[] = [
  { namespace: 'shop', name: 'orders-db', backup: 'hourly' },
  { namespace: 'shop', name: 'uploads', backup: 'daily' },
  { namespace: 'shop', name: 'media', backup: 'weekly' },
  { namespace: 'shop', name: 'search-index', backup: 'off' },
  // Not valid: the page says so.
  { namespace: 'shop', name: 'old-exports', backup: 'nightly' },
  { namespace: 'billing', backup: 'daily' },
  { namespace: 'billing', name: 'reports', backup: 'monthly' },
];
