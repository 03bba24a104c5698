import { z } from 'zod';
import { Chain } from './chains.ts';
import { cluster, ofCluster } from './clusters.ts';
import { DestinationName, DestinationProblem } from './destinations.ts';
import { FailureClass, Stage } from './errors.ts';
import { metLimits } from './limits.ts';
import {
  BACKUP_FORMS,
  MAX_DESTINATIONS_PER_BACKUP,
  MAX_VOLUMES_PER_REQUEST,
  PRIORITIES,
  PROOF_LEVELS,
  RUN_KINDS,
  RUN_STAGES,
  STATUSES,
  TRANSPORTS,
  VERIFY_LEVELS,
} from './names.ts';
import { wholeNumber } from './query.ts';

export const BackupStatus = z.enum(STATUSES);
export type BackupStatus = z.infer<typeof BackupStatus>;

export const RunKind = z.enum(RUN_KINDS);
export type RunKind = z.infer<typeof RunKind>;

export const RunStage = z.enum(RUN_STAGES);
export type RunStage = z.infer<typeof RunStage>;

export const Transport = z.enum(TRANSPORTS);
export type Transport = z.infer<typeof Transport>;

/** How the archive of a run travelled, and why that way. */
export const Route = z.strictObject({
  transport: Transport.nullable().describe(
    'exec: through the API server; push: from the helper to the sidecar; direct: between the helper and the storage; null: not known, or nothing was sent yet'
  ),
  transportReason: z
    .string()
    .nullable()
    .describe('why that way, in a sentence; null: not known, or nothing was sent yet'),
});
export type Route = z.infer<typeof Route>;

/** Name of a namespace (RFC 1123 label). */
export const NamespaceName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be the name of a namespace');

/** Name of a PersistentVolumeClaim (RFC 1123 subdomain). */
export const ClaimName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be the name of a PersistentVolumeClaim'
  );

export const VolumeRef = z.strictObject({ namespace: NamespaceName, name: ClaimName });
export type VolumeRef = z.infer<typeof VolumeRef>;

export const Priority = z.enum(PRIORITIES);
export type Priority = z.infer<typeof Priority>;

export const StartBackups = z.strictObject({
  cluster,
  volumes: z.array(VolumeRef).min(1).max(MAX_VOLUMES_PER_REQUEST),
  priority: z
    .enum(['on-demand', 'scheduled'])
    .default('on-demand')
    .describe(
      '`scheduled` is for scripts that run at fixed times: backups that people request go first'
    ),
  acceptEmpty: z
    .boolean()
    .default(false)
    .describe('back up a volume that is empty now though its last backup was not'),
  verify: z
    .enum(VERIFY_LEVELS)
    .optional()
    .describe(
      '`contents`: unpack the archive to prove it, whatever the installation does by default'
    ),
  form: z
    .enum(BACKUP_FORMS)
    .optional()
    .describe(
      '`full`: all of the volume, although it could be an increment; the next increments build on it'
    ),
  fresh: z
    .boolean()
    .default(false)
    .describe('do not join a run that has already read data: queue a new one after it'),
  destinations: z
    .array(DestinationName)
    .min(1)
    .max(MAX_DESTINATIONS_PER_BACKUP)
    .refine(names => new Set(names).size === names.length, { message: 'names one twice' })
    .meta({ uniqueItems: true })
    .optional()
    .describe(
      'where the archives are stored; default: the annotation `nkvm.io/destination` of the claim or of its namespace, else the destinations that are marked as default'
    ),
});
export type StartBackups = z.infer<typeof StartBackups>;

/** How long one stage took. */
export const StageTimes = z.strictObject({
  stage: RunStage,
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type StageTimes = z.infer<typeof StageTimes>;

/** How many entries of a volume are not in its archive, or not with all that belongs to them, by kind. */
export const Omitted = z.strictObject({
  sockets: z.int().min(0).describe('tar cannot keep them'),
  trustedXattrs: z
    .int()
    .min(0)
    .nullable()
    .describe('entries with `trusted.*` attributes; null: not known, helpers cannot see them'),
  attributeFlags: z
    .int()
    .min(0)
    .nullable()
    .describe('entries with flags such as `chattr +i`; null: not known'),
  longPaths: z.int().min(0).describe('entries whose path is too long to be extracted'),
  mounts: z.int().min(0).optional().describe('file systems that are mounted inside the volume'),
  reserved: z
    .int()
    .min(0)
    .optional()
    .describe(
      'entries of directories at the top that belong to the file system or its server: `.snapshot`, `~snapshot`, `.zfs`, `lost+found`'
    ),
  excluded: z
    .int()
    .min(0)
    .optional()
    .describe(
      'entries that match a pattern of the claim’s annotation nkvm.io/exclude; what is below them is not counted'
    ),
  archives: z
    .int()
    .min(0)
    .optional()
    .describe('archives of NKVM, with their indexes and manifests'),
  archiveBytes: z.int().min(0).optional().describe('their size'),
});
export type Omitted = z.infer<typeof Omitted>;

/** The helper pod's own account of the stream that it sent, read on another channel after the stream. */
export const Seal = z.strictObject({
  bytes: z.int().min(0).describe('compressed bytes that left the pod'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  tarExit: z.int().describe('0: all well; 1: a file changed while tar read it; 2: broken'),
  compressorExit: z.int(),
  files: z.int().min(0).describe('entries in the archive, directories and links included'),
  rawBytes: z.int().min(0).describe('size of the tar before compression'),
  rawSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe('SHA-256 of the tar, where the archive was proven to the level contents'),
  entriesInVolume: z
    .int()
    .min(0)
    .optional()
    .describe('entries of the volume, of which an increment holds only those that have changed'),
  omitted: Omitted,
  patterns: z
    .array(z.string())
    .optional()
    .describe(
      'of the claim’s annotation nkvm.io/exclude, in the syntax of GNU tar: what matches is not in the archive'
    ),
});
export type Seal = z.infer<typeof Seal>;

/** How an archive was proven. */
export const Proof = z.strictObject({
  level: z
    .enum(PROOF_LEVELS)
    .describe(
      'size: the storage says only how many bytes it holds; checksum: its bytes and a checksum of them; contents: also unpacked and counted'
    ),
  readFrom: z
    .enum(['storage', 'cache', 'server'])
    .describe(
      'storage: the bytes were read again; cache: they may have come from memory instead; server: the storage itself compared them'
    ),
});
export type Proof = z.infer<typeof Proof>;

/** An archive at one destination. A backup has one for each destination. */
export const Copy = z.strictObject({
  destination: z.string().describe('id of the destination'),
  key: z.string().describe('name of the archive there'),
  state: z
    .enum(['present', 'awaited', 'failed', 'missing', 'deleted'])
    .describe(
      'present: proven there; awaited: requested, and NKVM tries again; failed: requested, and NKVM does not try again; missing: expected there, but not found, of another size, or without an archive that it needs; deleted: deleted by NKVM'
    ),
  isRequired: z.boolean().describe('the backup is a success only when this copy is present'),
  problem: DestinationProblem.nullable().describe(
    'why the archive is missing; null: nothing is wrong, or there was no attempt yet'
  ),
  retryAt: z.iso.datetime().nullable().describe('while `awaited`: the time of the next attempt'),
  bytes: z.int().min(0).describe('of the archive, as it is read; 0 where there is none'),
  sha256: z.string(),
  encrypted: z.boolean().describe('whether the file there is encrypted'),
  stored: z
    .strictObject({ bytes: z.int().min(0), sha256: z.string() })
    .nullable()
    .describe('the file as it is stored, which `sha256sum` shows; null: as `bytes` and `sha256`'),
  provenAt: z.iso.datetime().nullable(),
  proof: Proof.nullable().describe('null: from before proofs were recorded'),
  verifiedAt: z.iso.datetime().nullable().describe('when it was last read again and compared'),
});
export type Copy = z.infer<typeof Copy>;

/** A run in a list of volumes: enough for a cell of a table. */
export const BackupSummary = z.strictObject({
  id: z.string(),
  status: BackupStatus,
  stage: Stage.nullable(),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  bytes: z.int().nullable(),
  message: z.string(),
  presentAt: z
    .array(z.string())
    .describe(
      'ids of the destinations that have its archive; some, and `failed`: it is missing at others'
    ),
  hasWarnings: z.boolean().describe('read them in the backup'),
});
export type BackupSummary = z.infer<typeof BackupSummary>;

/** The last time that all of a backup was restored and compared with its archive. */
export const ProvenRestore = z.strictObject({
  at: z.iso.datetime(),
  backup: z.string().describe('id of the backup that was restored'),
  check: z.string().describe('id of the run that did it'),
  kind: z
    .enum(['drill', 'restore'])
    .describe('drill: read it at `checks/ID`; restore: at `restores/ID`'),
});
export type ProvenRestore = z.infer<typeof ProvenRestore>;

export const Backup = z.strictObject({
  id: z.string().describe('time-ordered: a later run has a greater id'),
  cluster: ofCluster,
  namespace: z.string(),
  name: z.string().describe('name of the PersistentVolumeClaim'),
  uid: z.string().describe('UID of the PersistentVolumeClaim'),
  kind: RunKind,
  namespaceUid: z.string().nullable().describe('UID of the namespace; null where it is not known'),
  clusterUid: z.string().nullable().describe('UID of the namespace kube-system; null: not known'),
  status: BackupStatus,
  stage: Stage.nullable().describe(
    'where the run is, or where it failed, also while it waits for its next attempt; null before the first'
  ),
  bytes: z.int().nullable().describe('bytes received so far, then the size of the archive'),
  sha256: z.string().nullable(),
  archive: z.string().nullable().describe('path of the first copy that is present'),
  destinations: z
    .array(z.string())
    .describe('ids of the destinations that the backup was asked for; empty for other kinds'),
  copies: z
    .array(Copy)
    .describe('one for each destination, when the run has ended; later copies are at the end'),
  message: z.string().describe('one sentence about the outcome; empty while it runs'),
  reason: z.string().nullable().describe('stable, for programs: why it failed'),
  hint: z.string().nullable().describe('what to do about the failure'),
  failureClass: FailureClass.nullable(),
  warnings: z.array(z.string()).describe('warnings of NKVM; none contains a path in the volume'),
  tarMessages: z
    .array(z.string())
    .describe("the first lines of tar's output, shown with the right to read archives only"),
  warningCount: z.int().min(0).describe("lines of tar's output; all of them are in the manifest"),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable().describe('when the last attempt began'),
  endedAt: z.iso.datetime().nullable(),
  priority: Priority,
  attempt: z.int().min(1).describe('a transient failure is retried, with the same id'),
  retryAt: z.iso
    .datetime()
    .nullable()
    .describe('while queued after a failed attempt: the earliest start of the next one'),
  queuePosition: z
    .int()
    .min(1)
    .nullable()
    .describe(
      'place among the waiting runs that the caller may see: of all namespaces, or else of its own one; null: it is not waiting, or the caller may not list backups there'
    ),
  stages: z.array(StageTimes),
  seal: Seal.nullable(),
  chain: Chain.nullable().describe(
    'the archives that this one needs; null: it needs none, and no later one can build on it'
  ),
  helper: z
    .strictObject({
      pod: z.string(),
      node: z.string().nullable(),
      image: z.string(),
      lastWords: z
        .string()
        .optional()
        .describe(
          'last output of the helper, and of Kubernetes about it, in lines; where the run failed'
        ),
    })
    .nullable(),
  ...Route.shape,
  acceptEmpty: z.boolean().describe('an empty volume is not a failure of this run'),
  verify: z
    .enum(['contents'])
    .nullable()
    .describe('the level of proof that was asked for; null: the usual one'),
  form: z
    .enum(BACKUP_FORMS)
    .nullable()
    .describe('the form of the archive that was asked for; null: what is usual for the volume'),
  requestedBy: z.string().describe('the Kubernetes user whose token asked for it'),
  restoreCommand: z.string().nullable().describe('restores the archive by hand, with tar alone'),
  provenRestorableAt: z.iso
    .datetime()
    .nullable()
    .describe('when all of it was last restored and compared, by a drill or by a restore'),
});
export type Backup = z.infer<typeof Backup>;

/** A volume of a request that cannot be backed up now. */
export const RefusedBackup = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  reason: z.string(),
  message: z.string(),
  hint: z.string(),
});
export type RefusedBackup = z.infer<typeof RefusedBackup>;

export const StartedBackups = z.strictObject({
  backups: z
    .array(Backup)
    .describe('the runs of the accepted volumes, in the order of the request'),
  refused: z.array(RefusedBackup).describe('the other volumes, in the order of the request'),
});
export type StartedBackups = z.infer<typeof StartedBackups>;

export const BackupQuery = z.strictObject({
  cluster,
  namespace: NamespaceName.optional(),
  name: ClaimName.optional(),
  status: BackupStatus.optional(),
  destination: DestinationName.optional().describe('those with a copy there that was not deleted'),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the page before'),
  limit: wholeNumber(1, 500).default(50),
});
export type BackupQuery = z.infer<typeof BackupQuery>;

export const BackupList = z.strictObject({
  backups: z.array(Backup).describe('newest first'),
  nextCursor: z.string().nullable().describe('null: this is the last page'),
  incomplete: z
    .boolean()
    .describe('true: not every namespace was looked at; ask for one with `namespace`'),
  limits: metLimits,
});
export type BackupList = z.infer<typeof BackupList>;

export const BackupParams = z.strictObject({ id: z.string().min(1).max(64) });
