import { z } from 'zod';
import { INCREMENTAL_MODES } from '../api/index.ts';
import type { IncrementalMode } from './archive/chain/chooseBase.ts';
import type { LabelSelector } from './cluster/labelSelector.ts';
import { labelSelectorOf } from './cluster/labelSelector.ts';
import { textOf } from './errors.ts';
import type { RestrictedMode } from './helper/settings/readsAs.ts';
import type { HelperSettings } from './helper/settings/settings.ts';
import {
  checkRequests,
  HELPER_SETTINGS,
  helperSettingsOf,
} from './helper/settings/settingsSchema.ts';
import type { WaitLimits } from './helper/wait/waitLimits.ts';
import type { PruneRules } from './history/pruning/pruning.ts';
import type { Continues } from './policy/populate/continues.ts';
import { continuesOf } from './policy/populate/continues.ts';
import type { RetentionSettings } from './policy/retention/retentionSettings.ts';
import { parseKeep } from './policy/retention/rules/keepRules.ts';
import { isTimeZone } from './policy/schedule/timeZone.ts';

const DAY_MS = 24 * 3_600_000;

const integer = (min: number, max: number, unit: string) =>
  z.coerce
    .number({ error: `takes a whole number of ${unit} from ${min} to ${max}` })
    .int(`takes a whole number of ${unit} from ${min} to ${max}`)
    .min(min, `takes at least ${min} ${unit}`)
    .max(max, `takes at most ${max} ${unit}`);
const absolutePath = z.string().startsWith('/', 'takes an absolute path');
const oneOf = <T extends string>(...values: [T, ...T[]]) =>
  z.enum(values, { error: `takes one of: ${values.join(', ')}` });
const mebibytes = (amount: string): number => parseInt(amount) * (amount.endsWith('Gi') ? 1024 : 1);
const kubernetesName = z
  .string()
  .max(63, 'takes at most 63 characters')
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'takes lower-case letters, digits and dashes');

const keepSetting = z.string().superRefine((text, context) => {
  const parsed = parseKeep(text);
  if ('problem' in parsed)
    context.addIssue({ code: 'custom', message: `takes rules: ${parsed.problem}` });
});

/** Every setting, its default and its purpose. docs/reference/settings.md holds the same table. */
export const SETTINGS = {
  NKVM_HTTP_HOST: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  NKVM_HTTP_PORT: integer(0, 65535, 'ports')
    .default(8080)
    .describe('port to listen on; 0 takes a free one'),
  NKVM_TLS_CERT: absolutePath
    .optional()
    .describe(
      'file with the certificate of the port, in PEM, with those of its issuers; with it, the port takes HTTPS and nothing else. It is read again when it changes'
    ),
  NKVM_TLS_KEY: absolutePath
    .optional()
    .describe('file with the key of that certificate, in PEM; needed where NKVM_TLS_CERT is set'),
  NKVM_BACKUP_DIR: absolutePath
    .default('/var/lib/nkvm/backups')
    .describe('directory of the archives'),
  NKVM_METADATA_DB_PATH: absolutePath
    .default('/var/lib/nkvm/metadata/nkvm.db')
    .describe('SQLite file of the history'),
  NKVM_DEFAULT_AUTH_MODE: oneOf('auto', 'in-cluster', 'kubeconfig')
    .default('auto')
    .describe(
      'way to the cluster; `auto`: NKVM_KUBECONFIG where it is set, else in-cluster when run in a pod, else the default kubeconfig'
    ),
  NKVM_KUBECONFIG: absolutePath.optional().describe('kubeconfig to use instead of the default one'),
  NKVM_CLUSTER_NAME: kubernetesName
    .optional()
    .describe(
      'first part of every archive name; default: `cluster` in a pod, else the name of the kubeconfig’s context'
    ),
  NKVM_CLUSTERS_DIR: absolutePath
    .optional()
    .describe(
      'directory of kubeconfigs of other clusters, one file each, named as the cluster; they are read again every 10 seconds. Beside it, Secrets with the label `nkvm.io/cluster` always count'
    ),
  NKVM_CLUSTERS_ON_LOOPBACK: oneOf('refused', 'allowed')
    .default('refused')
    .describe(
      'whether the API server of another cluster may have a loopback address: `allowed` where NKVM runs on a machine together with it, as in tests'
    ),
  NKVM_MIN_FREE_SPACE: z
    .string()
    .regex(/^\d+(Mi|Gi)$/, 'takes an amount of space such as 512Mi or 2Gi')
    .default('512Mi')
    .describe(
      'space that stays free where the archives are: with less, no backup is accepted or starts, and a destination of kind `directory` takes no further archive; 0Mi: no limit'
    ),
  NKVM_UPLOAD_LIMIT: z
    .string()
    .regex(/^\d+(Mi|Gi)$/, 'takes an amount of space such as 512Mi or 20Gi')
    .default('20Gi')
    .describe('size of an archive that can be uploaded to be restored; 0Mi: none can'),
  NKVM_NAMESPACE_SELECTOR: z
    .string()
    .transform((text, context): LabelSelector => {
      try {
        return labelSelectorOf(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: textOf(error) });
        return z.NEVER;
      }
    })
    .optional()
    .describe(
      'labels of the namespaces that NKVM may use where its roles are bound for the whole cluster, in the syntax of `kubectl get -l`; without it, it may then use all. Namespaces where the roles are bound one by one need no label'
    ),
  NKVM_NAMESPACE: kubernetesName.default('nkvm').describe('namespace that NKVM itself runs in'),
  ...HELPER_SETTINGS,
  NKVM_HELPER_POD_TIMEOUT_SECONDS: integer(5, 3600, 'seconds')
    .default(120)
    .describe(
      'how long a helper pod may take to start, once it has a node, its volume and its image; where it is set, it is also the default of the three settings below'
    ),
  NKVM_HELPER_NODE_TIMEOUT_SECONDS: integer(5, 21_600, 'seconds')
    .optional()
    .describe(
      'how long a helper pod may wait for a node, e.g. one that an autoscaler adds; default: NKVM_HELPER_POD_TIMEOUT_SECONDS where it is set, else 600'
    ),
  NKVM_HELPER_VOLUME_TIMEOUT_SECONDS: integer(5, 21_600, 'seconds')
    .optional()
    .describe(
      'how long a volume may take until it is attached and mounted: six minutes where its last node is lost; default: NKVM_HELPER_POD_TIMEOUT_SECONDS where it is set, else 600'
    ),
  NKVM_HELPER_IMAGE_TIMEOUT_SECONDS: integer(5, 21_600, 'seconds')
    .optional()
    .describe(
      'how long the pull of the helper image may take, with pulls that fail and are repeated; default: NKVM_HELPER_POD_TIMEOUT_SECONDS where it is set, else 300'
    ),
  NKVM_RUN_TIMEOUT_SECONDS: integer(60, 604_800, 'seconds')
    .default(21_600)
    .describe('how long a whole run may take; also the deadline of its helper pod'),
  NKVM_SCALE_DOWN_TIMEOUT_SECONDS: integer(10, 86_400, 'seconds')
    .default(300)
    .describe(
      'how long pods may take to end when a restore stops their workload; a pod with a longer grace period gets that and a minute'
    ),
  NKVM_CONNECTION_TIMEOUT_SECONDS: integer(10, 3_600, 'seconds')
    .default(120)
    .describe(
      'how long the connection to a helper pod may carry nothing, not even an answer to a ping, before the attempt fails'
    ),
  NKVM_STALL_TIMEOUT_SECONDS: integer(60, 86_400, 'seconds')
    .default(900)
    .describe(
      'how long tar in a helper pod may show no progress, neither a byte nor anything read, before the attempt fails; raise it for storage that is slow to answer'
    ),
  NKVM_PUSH_PORT: integer(0, 65535, 'ports')
    .optional()
    .describe(
      'port to which helper pods connect, with HTTPS, so that archives do not travel through the API server; 0 takes a free one; not set: there is none, and all archives travel through the API server'
    ),
  NKVM_PUSH_ADDRESS: z
    .string()
    .regex(/^[\w.:-]{1,253}$/, 'takes an IP address or the name of a host')
    .optional()
    .describe(
      'address by which helper pods reach NKVM_PUSH_PORT: in a pod `status.podIP`; needed where NKVM_PUSH_PORT is set'
    ),
  NKVM_PUSH_SOURCE: oneOf('pod', 'any')
    .default('pod')
    .describe(
      'where connections to NKVM_PUSH_PORT may come from: `pod`: the addresses of the helper pod; `any`: anywhere, e.g. where a load balancer is on the way. Each needs a token in any case'
    ),
  NKVM_DISCOVERY_TIMEOUT_SECONDS: integer(1, 600, 'seconds')
    .default(30)
    .describe('how long the first look at the cluster may take before it is reported as failing'),
  NKVM_MAX_NAMESPACE_SCAN: integer(1, 10_000, 'namespaces')
    .default(1_000)
    .describe(
      'in how many namespaces a caller’s rights are looked up when the caller may not list all volumes'
    ),
  NKVM_MAX_PARALLEL: integer(1, 64, 'runs')
    .default(2)
    .describe('how many backups run side by side'),
  NKVM_MAX_PARALLEL_PER_NODE: integer(1, 64, 'runs')
    .default(2)
    .describe('how many backups run side by side whose helper must run on the same node'),
  NKVM_MAX_PARALLEL_PER_CLUSTER: integer(1, 64, 'runs')
    .default(2)
    .describe(
      'how many runs go on side by side in each cluster other than NKVM’s own, beside those of all others: no cluster takes places from another'
    ),
  NKVM_CLUSTER_AWAY_SECONDS: integer(5, 604_800, 'seconds')
    .default(3_600)
    .describe(
      'how long the API server of a cluster other than NKVM’s own may not answer until the runs that wait for it fail'
    ),
  NKVM_MAX_ATTEMPTS: integer(1, 10, 'attempts')
    .default(3)
    .describe(
      'number of attempts of a backup that fails for a temporary reason, such as a broken connection or an evicted helper; 1: no further attempt'
    ),
  NKVM_DIRECT_TRANSFERS: oneOf('auto', 'never')
    .default('auto')
    .describe(
      'whether helper pods send archives to S3, and read them there, by themselves: `auto` where the pod reaches the storage; `never`: archives always pass through NKVM'
    ),
  NKVM_VERIFY_LEVEL: oneOf('checksum', 'contents')
    .default('checksum')
    .describe(
      'what is proven of every archive when it is read back: `checksum` its SHA-256; `contents` also that it unpacks to the very tar that was packed, which covers the compressor'
    ),
  NKVM_INCREMENTAL: oneOf(...INCREMENTAL_MODES)
    .default('hourly')
    .describe(
      'which backups are increments over a daily full archive: `hourly` the scheduled ones of volumes that are backed up each hour; `always` all, except before a restore; `off` none'
    ),
  NKVM_VERIFY_CONTENTS_EVERY: integer(1, 10_000, 'backups')
    .default(10)
    .describe(
      'the first and then every Nth backup of a volume is proven to the level `contents`, whatever NKVM_VERIFY_LEVEL is; 1: all'
    ),
  NKVM_CONTINUES: z
    .string()
    .refine(
      text => continuesOf(text) !== undefined,
      'takes none, or NAME=UID of each cluster, separated by commas'
    )
    .optional()
    .describe(
      'clusters that this one continues, `NAME=UID` separated by commas: claims that are restored when they are made also get backups of those; `none`: it continues no other, so that backups of other clusters do not count'
    ),
  NKVM_KEEP: keepSetting
    .default('last=3,hourly=24,daily=7,weekly=4,monthly=6')
    .describe(
      'which archives of a claim with a schedule stay at each destination, where no annotation nkvm.io/keep says so: what one of the rules keeps, as `restic forget` does; `all`: everything'
    ),
  NKVM_KEEP_FLOOR: integer(1, 1_000, 'archives')
    .default(3)
    .describe(
      'number of the newest good archives of a volume that always stay at each destination'
    ),
  NKVM_KEEP_DELETED: keepSetting
    .default('all')
    .describe('the same rules for the archives of claims that do not exist any more'),
  NKVM_RETENTION_MAX_SHARE: integer(0, 100, 'percent')
    .default(25)
    .describe(
      'which share of the archives at a destination may be deleted at once; with more than that, and more than 10, a person must approve it'
    ),
  NKVM_WEBHOOK_PORT: integer(1, 65535, 'ports')
    .optional()
    .describe(
      'port of the webhook that deploy/k8s/zero-touch-webhook needs, with HTTPS; not set: there is none'
    ),
  NKVM_WEBHOOK_CERT_DIR: absolutePath
    .default('/etc/nkvm/webhook')
    .describe('directory with `tls.crt` and `tls.key` of the webhook'),
  NKVM_HISTORY_KEEP_DAYS: integer(1, 36_500, 'days')
    .default(400)
    .describe(
      'how long the history keeps backups whose archive is at no destination any more, restores and drills; it keeps every backup whose archive is at a destination'
    ),
  NKVM_HISTORY_KEEP_OTHERS_DAYS: integer(1, 36_500, 'days')
    .default(90)
    .describe(
      'how long the history keeps verifications, copies, and backups that failed or were cancelled'
    ),
  NKVM_HISTORY_MAX_RUNS: integer(1_000, 10_000_000, 'runs')
    .default(100_000)
    .describe(
      'how many runs without an archive at a destination the history keeps at most; above it, the oldest are deleted before their time, but no restore and not the newest run of a volume. 100,000 runs take some 130 MiB on disk and some 250 MiB of memory'
    ),
  NKVM_AUDIT_KEEP_DAYS: integer(1, 36_500, 'days')
    .default(400)
    .describe('how long the audit log keeps entries'),
  NKVM_AUDIT_MAX_SIZE: z
    .string()
    .regex(/^\d+(Mi|Gi)$/, 'takes an amount of space such as 512Mi or 2Gi')
    .refine(text => mebibytes(text) >= 8, 'takes at least 8Mi')
    .default('256Mi')
    .describe(
      'size of the audit log beside the history; above it, the oldest entries are deleted before their time. An entry takes some 700 bytes'
    ),
  NKVM_SCHEDULES: oneOf('on', 'off')
    .default('on')
    .describe(
      'whether backups and drills start by the labels and annotations of claims; `off`: nothing starts by itself'
    ),
  NKVM_TIME_ZONE: z
    .string()
    .refine(isTimeZone, 'takes the name of a time zone such as Europe/Berlin')
    .default('UTC')
    .describe('time zone of schedules that name none, e.g. `Europe/Berlin`'),
  NKVM_LOG_LEVEL: oneOf('debug', 'info', 'warn', 'error')
    .default('info')
    .describe('the least severe entries that are logged'),
} as const;

/** Each listens by itself. 0 takes a free one. */
const PORTS = ['NKVM_HTTP_PORT', 'NKVM_PUSH_PORT', 'NKVM_WEBHOOK_PORT'] as const;

const Settings = z
  .object(SETTINGS)
  .superRefine(checkRequests)
  .superRefine(({ NKVM_PUSH_PORT: port, NKVM_PUSH_ADDRESS: address }, context) => {
    if (port === undefined || address !== undefined) return;
    const message = 'is needed where NKVM_PUSH_PORT is set';
    context.addIssue({ code: 'custom', path: ['NKVM_PUSH_ADDRESS'], message });
  })
  .superRefine(({ NKVM_TLS_CERT: cert, NKVM_TLS_KEY: key }, context) => {
    if ((cert === undefined) === (key === undefined)) return;
    const [missing, given] =
      key === undefined ? ['NKVM_TLS_KEY', 'NKVM_TLS_CERT'] : ['NKVM_TLS_CERT', 'NKVM_TLS_KEY'];
    context.addIssue({
      code: 'custom',
      path: [missing],
      message: `is needed where ${given} is set`,
    });
  })
  .superRefine((settings, context) => {
    for (const [at, name] of PORTS.entries()) {
      const other = PORTS.slice(0, at).find(one => settings[one] === settings[name]);
      if (!other || !settings[name]) continue;
      const message = `is the same as ${other}; choose another port`;
      context.addIssue({ code: 'custom', path: [name], message });
    }
  });

/** The settings of one process. Times are in milliseconds. */
export interface Config {
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Undefined: the port takes plain HTTP. */
    readonly tls: { readonly cert: string; readonly key: string } | undefined;
  };
  readonly backupDir: string;
  readonly metadataDbPath: string;
  readonly minFreeBytes: number;
  readonly uploadLimitBytes: number;
  readonly cluster: {
    readonly mode: 'auto' | 'in-cluster' | 'kubeconfig';
    readonly kubeconfig: string | undefined;
    readonly name: string | undefined;
  };
  /** Clusters other than NKVM's own. */
  readonly clusters: { readonly dir: string | undefined; readonly isLoopbackAllowed: boolean };
  readonly namespace: string;
  readonly namespaceSelector: LabelSelector | undefined;
  readonly helper: {
    /** Absent: the one that NKVM itself runs from. */
    readonly image: string | undefined;
    readonly settings: Omit<HelperSettings, 'image'>;
    readonly restricted: RestrictedMode;
    readonly waitLimits: WaitLimits;
    readonly runTimeoutMs: number;
    readonly stallMs: number;
    readonly silenceMs: number;
  };
  /** Undefined: helpers do not push. */
  readonly push:
    | { readonly port: number; readonly address: string; readonly source: 'pod' | 'any' }
    | undefined;
  readonly scaleDownTimeoutMs: number;
  readonly discoveryTimeoutMs: number;
  readonly maxNamespaceScan: number;
  /** For each cluster other than NKVM's own. */
  readonly eachCluster: { readonly maxParallel: number; readonly awayMs: number };
  readonly maxParallel: number;
  readonly maxParallelPerNode: number;
  readonly maxAttempts: number;
  readonly directTransfers: 'auto' | 'never';
  readonly verifyLevel: 'checksum' | 'contents';
  readonly incremental: IncrementalMode;
  readonly verifyContentsEvery: number;
  readonly continues: Continues;
  /** Undefined: there is none. */
  readonly webhook: { readonly port: number; readonly certDir: string } | undefined;
  readonly historyRules: PruneRules;
  readonly audit: { readonly keepMs: number; readonly maxBytes: number };
  readonly schedules: { readonly isOn: boolean; readonly timeZone: string };
  readonly retention: RetentionSettings;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Variables that the kubelet sets for a Service called `nkvm`, unless the pod has `enableServiceLinks: false`. */
const SERVICE_LINK = /^NKVM_(SERVICE_(HOST|PORT)|PORT$|PORT_\d+_)/;

/**
 * @param env the environment; empty variables count as not set
 * @throws Error of one line that names every wrong setting and what it takes. No value is shown: it may be a secret.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) => name.startsWith('NKVM_') && !SERVICE_LINK.test(name) && value !== ''
    )
  );
  const unknown = Object.keys(given).filter(name => !(name in SETTINGS));
  const { success, data, error } = Settings.safeParse(given);
  const wrong = [
    ...unknown.map(name => `${name} is not a setting of NKVM`),
    ...(error?.issues ?? []).map(issue => `${String(issue.path[0])} ${issue.message}`),
  ];
  if (!success || wrong.length) throw new Error(wrong.join('; '));
  return Object.freeze({
    http: {
      host: data.NKVM_HTTP_HOST,
      port: data.NKVM_HTTP_PORT,
      tls:
        data.NKVM_TLS_CERT === undefined || data.NKVM_TLS_KEY === undefined
          ? undefined
          : { cert: data.NKVM_TLS_CERT, key: data.NKVM_TLS_KEY },
    },
    backupDir: data.NKVM_BACKUP_DIR,
    metadataDbPath: data.NKVM_METADATA_DB_PATH,
    minFreeBytes: mebibytes(data.NKVM_MIN_FREE_SPACE) * 1024 * 1024,
    uploadLimitBytes: mebibytes(data.NKVM_UPLOAD_LIMIT) * 1024 * 1024,
    cluster: {
      mode: data.NKVM_DEFAULT_AUTH_MODE,
      kubeconfig: data.NKVM_KUBECONFIG,
      name: data.NKVM_CLUSTER_NAME,
    },
    clusters: {
      dir: data.NKVM_CLUSTERS_DIR,
      isLoopbackAllowed: data.NKVM_CLUSTERS_ON_LOOPBACK === 'allowed',
    },
    namespace: data.NKVM_NAMESPACE,
    namespaceSelector: data.NKVM_NAMESPACE_SELECTOR,
    helper: {
      image: data.NKVM_HELPER_IMAGE,
      settings: helperSettingsOf(data),
      restricted: data.NKVM_HELPER_RESTRICTED,
      waitLimits: waitLimitsOf(data, given.NKVM_HELPER_POD_TIMEOUT_SECONDS !== undefined),
      runTimeoutMs: data.NKVM_RUN_TIMEOUT_SECONDS * 1000,
      stallMs: data.NKVM_STALL_TIMEOUT_SECONDS * 1000,
      silenceMs: data.NKVM_CONNECTION_TIMEOUT_SECONDS * 1000,
    },
    push:
      data.NKVM_PUSH_PORT === undefined || data.NKVM_PUSH_ADDRESS === undefined
        ? undefined
        : {
            port: data.NKVM_PUSH_PORT,
            address: data.NKVM_PUSH_ADDRESS,
            source: data.NKVM_PUSH_SOURCE,
          },
    scaleDownTimeoutMs: data.NKVM_SCALE_DOWN_TIMEOUT_SECONDS * 1000,
    discoveryTimeoutMs: data.NKVM_DISCOVERY_TIMEOUT_SECONDS * 1000,
    maxNamespaceScan: data.NKVM_MAX_NAMESPACE_SCAN,
    eachCluster: {
      maxParallel: data.NKVM_MAX_PARALLEL_PER_CLUSTER,
      awayMs: data.NKVM_CLUSTER_AWAY_SECONDS * 1000,
    },
    maxParallel: data.NKVM_MAX_PARALLEL,
    maxParallelPerNode: data.NKVM_MAX_PARALLEL_PER_NODE,
    maxAttempts: data.NKVM_MAX_ATTEMPTS,
    directTransfers: data.NKVM_DIRECT_TRANSFERS,
    verifyLevel: data.NKVM_VERIFY_LEVEL,
    incremental: data.NKVM_INCREMENTAL,
    verifyContentsEvery: data.NKVM_VERIFY_CONTENTS_EVERY,
    continues: data.NKVM_CONTINUES === undefined ? undefined : continuesOf(data.NKVM_CONTINUES),
    retention: {
      keep: rulesOf(data.NKVM_KEEP),
      keepDeleted: rulesOf(data.NKVM_KEEP_DELETED),
      floor: data.NKVM_KEEP_FLOOR,
      maxSharePercent: data.NKVM_RETENTION_MAX_SHARE,
    },
    webhook:
      data.NKVM_WEBHOOK_PORT === undefined
        ? undefined
        : { port: data.NKVM_WEBHOOK_PORT, certDir: data.NKVM_WEBHOOK_CERT_DIR },
    historyRules: {
      keepMs: data.NKVM_HISTORY_KEEP_DAYS * DAY_MS,
      keepOthersMs: data.NKVM_HISTORY_KEEP_OTHERS_DAYS * DAY_MS,
      maxRuns: data.NKVM_HISTORY_MAX_RUNS,
    },
    audit: {
      keepMs: data.NKVM_AUDIT_KEEP_DAYS * DAY_MS,
      maxBytes: mebibytes(data.NKVM_AUDIT_MAX_SIZE) * 1024 * 1024,
    },
    schedules: { isOn: data.NKVM_SCHEDULES === 'on', timeZone: data.NKVM_TIME_ZONE },
    logLevel: data.NKVM_LOG_LEVEL,
  });
}

/** The setting was parsed before. */
function rulesOf(text: string): RetentionSettings['keep'] {
  const parsed = parseKeep(text);
  return 'rules' in parsed ? parsed.rules : {};
}

/** @param isGeneral the setting for all of them is set: it was the only one, and still counts for those that are not. */
function waitLimitsOf(data: z.infer<typeof Settings>, isGeneral: boolean): WaitLimits {
  const general = data.NKVM_HELPER_POD_TIMEOUT_SECONDS;
  const ms = (own: number | undefined, usual: number): number =>
    (own ?? (isGeneral ? general : usual)) * 1000;
  return {
    node: ms(data.NKVM_HELPER_NODE_TIMEOUT_SECONDS, 600),
    volume: ms(data.NKVM_HELPER_VOLUME_TIMEOUT_SECONDS, 600),
    image: ms(data.NKVM_HELPER_IMAGE_TIMEOUT_SECONDS, 300),
    start: general * 1000,
  };
}
