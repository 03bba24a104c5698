/**
 * Names that other people's tools rely on. This file has no imports: the plugin's bundle takes it whole.
 */

/** Where NKVM lives in a cluster, unless it is installed differently. */
export const NKVM_NAMESPACE = 'nkvm';

/** Its Service, unless it is installed differently. */
export const NKVM_SERVICE = 'nkvm';

/** @returns a Service of NKVM as the API server's proxy names it, `service:port`. The port has the same name everywhere. */
export const proxiedService = (service: string): string => `${service}:http`;

/** @returns the way from the API server to the sidecar; an API path follows, e.g. `/api/v1/volumes`. */
export const serviceProxyPath = (namespace: string, service: string): string =>
  `/api/v1/namespaces/${namespace}/services/${proxiedService(service)}/proxy`;

/** That way, unless NKVM is installed differently. */
export const SERVICE_PROXY_PATH = serviceProxyPath(NKVM_NAMESPACE, NKVM_SERVICE);

/** Labels of the Service, and of its pods, wherever NKVM is installed. */
export const SIDECAR_LABELS = {
  'app.kubernetes.io/name': 'nkvm',
  'app.kubernetes.io/component': 'sidecar',
};

/** The proxy deletes `Authorization`, so the token travels in a header of its own. */
export const TOKEN_HEADER = 'X-NKVM-Token';

/** Names the cluster whose API server made the token; without it, that is NKVM's own. */
export const TOKEN_CLUSTER_HEADER = 'X-NKVM-Token-Cluster';

/**
 * A last path segment that begins like this is ignored: `/volumes/~x7Kq` is `/volumes`. The plugin adds a random one to
 * each request, because headlamp-server with `-cache-enabled` keeps answers by the last segment of the path alone.
 */
export const UNIQUE_SEGMENT_PREFIX = '~';

/** The audience of tokens for NKVM, wherever it is installed. */
export const TOKEN_AUDIENCE = 'nkvm';

/**
 * @returns the audience of tokens for the NKVM in `namespace` and for no other. The plugin asks for it: a Service that
 * only claims to be NKVM gets no token that another NKVM takes.
 */
export const audienceOf = (namespace: string): string =>
  namespace === NKVM_NAMESPACE ? TOKEN_AUDIENCE : `${TOKEN_AUDIENCE}.${namespace}`;

/** ServiceAccount that stands for an administrator, in NKVM's namespace. */
export const ADMIN_SERVICE_ACCOUNT = 'nkvm-admin';

/** ServiceAccount that stands for the users of one namespace, in that namespace. */
export const USER_SERVICE_ACCOUNT = 'nkvm-user';

/** The sidecar's own ServiceAccount, in NKVM's namespace. */
export const RUNNER_SERVICE_ACCOUNT = 'nkvm-runner';

/** ClusterRole that opens a namespace for backups, bound there to the runner. */
export const RUNTIME_CLUSTER_ROLE = 'nkvm-runtime';

/** ClusterRole that opens `/metrics`, bound to whoever scrapes. */
export const METRICS_CLUSTER_ROLE = 'nkvm-metrics-reader';

let ownNamespace: string = NKVM_NAMESPACE;

/** @returns the namespace that the sidecar runs in, for commands in its messages. */
export const namespaceOfNkvm = (): string => ownNamespace;

/** The sidecar says once, when it starts, which namespace it runs in. */
export function runsIn(namespace: string): void {
  ownNamespace = namespace;
}

/** @returns the command that opens `namespace` for backups. @param ofNkvm the namespace of NKVM. */
export const openNamespaceCommand = (namespace: string, ofNkvm = ownNamespace): string =>
  bindRunner(RUNTIME_CLUSTER_ROLE, namespace, ofNkvm);

/** Instructions for a failed run: a heading for each stage, and for each alert. */
export const RUNBOOKS_URL = 'https://github.com/nkvm-io/nkvm/blob/main/docs/runbooks/README.md';

/** The states of a run. The last three are final. */
export const STATUSES = ['queued', 'running', 'success', 'failed', 'cancelled'] as const;

/** The task of a run. */
export const RUN_KINDS = ['backup', 'restore', 'verify', 'drill', 'copy'] as const;

/**
 * How an archive travels between the volume and NKVM. `exec`: through the API server and the kubelet; `push`: the helper pod
 * connects to the sidecar; `direct`: between the helper pod and the storage.
 */
export const TRANSPORTS = ['exec', 'push', 'direct'] as const;

/** How a failure may end: by itself, when a person changes something, or it is not known. */
export const FAILURE_CLASSES = ['transient', 'needs-action', 'unknown'] as const;

/** Forms that a request for a backup can name. `full`: all of the volume, although an increment could be made. */
export const BACKUP_FORMS = ['full'] as const;

/** Which backups may be increments: none, the scheduled ones of volumes that are backed up each hour, or all. */
export const INCREMENTAL_MODES = ['off', 'hourly', 'always'] as const;

/** Order of runs that wait, highest priority first. */
export const PRIORITIES = ['restore', 'on-demand', 'scheduled'] as const;

/** The stages of a run, in their order; `cleanup` always runs. */
export const RUN_STAGES = [
  'create',
  'wait',
  'exec',
  'copy',
  'checksum',
  'publish',
  'cleanup',
] as const;

/** The effect of a restore on its target. */
export const RESTORE_MODES = ['new', 'empty', 'overwrite', 'mirror'] as const;

/** The steps of a restore, in their order. */
export const RESTORE_STEPS = [
  'check-archive',
  'scale-down',
  'safety-backup',
  'create-claim',
  'write',
  'compare',
  'scale-up',
] as const;

/** `later`: it can only be known while the restore runs, before anything is written. */
export const CHECK_STATES = ['passes', 'fails', 'later', 'warns'] as const;

/** ClusterRole that allows restores into a namespace, bound there to the runner. */
export const RESTORE_CLUSTER_ROLE = 'nkvm-restore';

/** @returns the command that allows restores into `namespace`. */
export const allowRestoresCommand = (namespace: string): string =>
  bindRunner(RESTORE_CLUSTER_ROLE, namespace, ownNamespace);

const bindRunner = (role: string, namespace: string, ofNkvm: string): string =>
  `kubectl create rolebinding ${bindingOf(role, ofNkvm)} -n ${namespace} --clusterrole ${role} ` +
  `--serviceaccount ${ofNkvm}:${RUNNER_SERVICE_ACCOUNT}`;

/** @returns a name for a binding that no binding of another NKVM in the cluster has. @param name in namespace `nkvm` */
export const bindingOf = (name: string, ofNkvm: string): string =>
  ofNkvm === NKVM_NAMESPACE ? name : `${name}.${ofNkvm}`;

/**
 * Annotation of a workload that a restore has stopped: JSON of what it is set back to, e.g.
 * `{"run":"…","installation":"…","claim":"orders-db","claimUid":"…","replicas":2}`, or `"suspend":false` on a CronJob.
 */
export const RESTORE_ANNOTATION = 'nkvm.io/restore';

/** Every stage that an error may name. `queue`, `hook` and `snapshot` come before a run's own stages. */
export const STAGES = ['queue', 'hook', 'snapshot', ...RUN_STAGES] as const;

/** Levels of proof that a request can ask for. */
export const VERIFY_LEVELS = ['contents'] as const;

/**
 * Why an event stream ended before what it follows did.
 *
 * - `reload`: the list must be read again, because rights were given or too much has changed
 * - `right-gone`: the caller has lost the right to read this
 * - `token-expired`: the token is not valid any more
 * - `rights-unknown`: the API server did not say whether the caller still has the right
 * - `stopping`: NKVM is stopping
 */
export const STREAM_END_REASONS = [
  'reload',
  'right-gone',
  'token-expired',
  'rights-unknown',
  'stopping',
] as const;

/** Results that an entry of the audit log can have; see `AuditResult`. */
export const AUDIT_RESULTS = [
  'allowed',
  'refused',
  'failed',
  'success',
  'cancelled',
  'interrupted',
] as const;

/** Kinds of callers in the audit log. */
export const AUDIT_ACTORS = ['user', 'serviceAccount', 'nkvm', 'unknown'] as const;

/** A change has an entry before it, and one with its result. */
export const AUDIT_PHASES = ['whole', 'begun', 'ended'] as const;

/**
 * Findings of a check of the audit log.
 *
 * - `missing`: entries are not there
 * - `order`: an entry is not in its place
 * - `changed`: the next entry, or the head, has another hash of this one
 * - `unreadable`: a line is not an entry
 * - `truncated`: the last entries are not there
 * - `anchor`: the beginning is not where the last deletion of old entries has left it
 */
export const AUDIT_PROBLEMS = [
  'missing',
  'order',
  'changed',
  'unreadable',
  'truncated',
  'anchor',
] as const;

/** Biggest number of entries in one page of the audit log. */
export const MAX_AUDIT_PAGE = 500;

/** Biggest number of volumes in one request. */
export const MAX_VOLUMES_PER_REQUEST = 100;

/** Biggest number of destinations of one backup. */
export const MAX_DESTINATIONS_PER_BACKUP = 8;

/** Label of a Secret that is a destination: its value is the kind, its name the name of the destination. */
export const DESTINATION_LABEL = 'nkvm.io/destination';

/** Allowed values of the label. */
export const DESTINATION_KINDS = [
  's3',
  'sftp',
  'scp',
  'ftp',
  'ftps',
  'rsync',
  'restic',
  'directory',
] as const;

/** The destination of the settings, the directory `NKVM_BACKUP_DIR`. No Secret may have its name. */
export const LOCAL_DESTINATION = 'local';

/** Annotation of such a Secret: `"true"` for destinations that backups go to unless something else is asked for. */
export const DEFAULT_ANNOTATION = 'nkvm.io/default';

/** Annotation of such a Secret: `"false"` where a backup is a success without a copy there. */
export const REQUIRED_ANNOTATION = 'nkvm.io/required';

/** Annotation of such a Secret: when a person said that the recovery kit is stored (RFC 3339). */
export const KIT_STORED_ANNOTATION = 'nkvm.io/recovery-kit-stored-at';

/** Annotation of a claim or a namespace: names of the destinations of its backups, separated by commas. */
export const DESTINATION_ANNOTATION = 'nkvm.io/destination';

/** Steps of a check of a destination, in this order. A kind without a step skips it. */
export const CHECK_STEPS = [
  'settings',
  'resolve',
  'connect',
  'tls',
  'host-key',
  'login',
  'space',
  'write',
  'read-back',
  'range',
  'rename',
  'delete',
] as const;

/** Label of a Secret that is the way to another cluster: its value is the name of the cluster. */
export const CLUSTER_LABEL = 'nkvm.io/cluster';

/** The key of such a Secret. */
export const CLUSTER_SECRET_KEY = 'kubeconfig';

/** How an archive was proven, weakest first. */
export const PROOF_LEVELS = ['size', 'checksum', 'contents'] as const;

/** Label of a claim or a namespace: how often its volumes are backed up. The claim's own label counts before the namespace's. */
export const BACKUP_LABEL = 'backup';

/** Allowed values of that label. */
export const BACKUP_LABEL_VALUES = ['hourly', 'daily', 'weekly', 'monthly', 'off'] as const;

/** Annotation of a claim or a namespace: cron, with a time zone where it begins with `TZ=Europe/Berlin `. */
export const SCHEDULE_ANNOTATION = 'nkvm.io/schedule';

/** Annotation of a claim or a namespace: `"true"` suspends its schedule, as `spec.suspend` does for a CronJob. */
export const SUSPEND_ANNOTATION = 'nkvm.io/suspend';

/** Annotation of a claim, a namespace or the Secret of a destination: which backups stay, e.g. `last=3,daily=7,within=14d`. */
export const KEEP_ANNOTATION = 'nkvm.io/keep';

/** Annotation of a claim or a namespace: retention deletes none of its archives before this time (RFC 3339, or a date). */
export const HOLD_UNTIL_ANNOTATION = 'nkvm.io/hold-until';

/** Annotation of a claim or a namespace: which of its backups are increments, one of `INCREMENTAL_MODES`. */
export const INCREMENTAL_ANNOTATION = 'nkvm.io/incremental';

/** Annotation of a claim or a namespace: when its newest backup is restored for a check; a label value, or cron. */
export const DRILL_ANNOTATION = 'nkvm.io/drill';

/** Annotation of a claim that is to be restored: `empty`, `newest` (the default), or the id of a backup. */
export const START_ANNOTATION = 'nkvm.io/start';

/** Annotation of a claim: id of the backup whose big change a person accepts, so that retention goes on. */
export const ACCEPT_CHANGE_ANNOTATION = 'nkvm.io/accept-change';

/** Annotation that NKVM sets on a claim: id of the backup that it was restored from. */
export const RESTORED_FROM_ANNOTATION = 'nkvm.io/restored-from';

/** Annotation that NKVM sets on a claim that was bound empty: `none-found`, or `decided` by a person. */
export const STARTED_EMPTY_ANNOTATION = 'nkvm.io/started-empty';

/**
 * Annotation that NKVM sets on a claim together with one of the two above: UID of the claim. A manifest that was exported from an
 * earlier claim, and applied again, has another one: then the other two say nothing about the claim.
 */
export const FILLED_FOR_ANNOTATION = 'nkvm.io/filled-for';

/** The protection of a volume. See `ProtectionState`. */
export const PROTECTION_STATES = [
  'protected',
  'waiting',
  'overdue',
  'suspended',
  'held',
  'invalid',
  'unprotected',
  'unknown',
] as const;

/**
 * Why retention deletes nothing of a volume at a destination.
 *
 * - `anomaly`: the newest backup differs too much from those before; a person must accept it
 * - `share`: too many archives would go at once; a person must approve it
 * - `listing`: the destination could not be listed to its end, or its listing is suspiciously short
 * - `clock`: the clock has made a step
 * - `first-restore`: the first restore of the claim has no verdict
 * - `hold`: the annotation `nkvm.io/hold-until`
 * - `invalid`: the rules are not valid
 * - `refused`: the destination refuses to delete archives
 */
export const RETENTION_HOLDS = [
  'anomaly',
  'share',
  'listing',
  'clock',
  'first-restore',
  'hold',
  'invalid',
  'refused',
] as const;

/**
 * The way of a claim that NKVM restores when it is made.
 *
 * - `deciding`: the destinations are asked
 * - `waiting`: it cannot be determined yet; it is asked again
 * - `needs-decision`: a person must decide
 * - `restoring`: data are written
 * - `binding`: the volume is handed over
 */
export const POPULATE_STATES = [
  'deciding',
  'waiting',
  'needs-decision',
  'restoring',
  'binding',
] as const;

/** Actions on the volumes of a namespace, each with rights of its own. */
export const VOLUME_ACTIONS = ['see', 'backUp', 'browse', 'restore'] as const;
export type VolumeAction = (typeof VOLUME_ACTIONS)[number];

/** A right on `persistentvolumeclaims`, or on a virtual subresource of them. */
export interface ClaimRight {
  verb: 'get' | 'list' | 'create';
  subresource?: 'backup' | 'archive' | 'restore';
}

/** The rights that each action needs on the claims of the namespace, and the smallest ClusterRole that has them. */
export const RIGHTS_OF_ACTIONS: Record<VolumeAction, { rights: ClaimRight[]; role: string }> = {
  see: {
    rights: [{ verb: 'list' }, { verb: 'list', subresource: 'backup' }],
    role: 'nkvm-viewer',
  },
  backUp: { rights: [{ verb: 'create', subresource: 'backup' }], role: 'nkvm-operator' },
  browse: { rights: [{ verb: 'get', subresource: 'archive' }], role: 'nkvm-restorer' },
  restore: {
    rights: [
      { verb: 'create', subresource: 'restore' },
      { verb: 'get', subresource: 'archive' },
    ],
    role: 'nkvm-restorer',
  },
};

/** @returns e.g. `create persistentvolumeclaims/backup`. */
export const textOfClaimRight = ({ verb, subresource }: ClaimRight): string =>
  `${verb} persistentvolumeclaims${subresource ? `/${subresource}` : ''}`;

/** The checks of the doctor, in the order in which they are shown. */
export const DOCTOR_CHECKS = [
  'process',
  'cluster',
  'clock',
  'rights',
  'namespaces',
  'image',
  'destinations',
  'disk',
  'history',
  'lease',
  'push',
  'webhook',
  'schedules',
] as const;

/** Outcomes of a check, best first. */
export const DOCTOR_OUTCOMES = ['ok', 'warning', 'failed'] as const;
