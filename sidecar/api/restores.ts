import { z } from 'zod';
import { BackupStatus, ClaimName, NamespaceName, Route, RunStage, StageTimes } from './backups.ts';
import { cluster, ofCluster } from './clusters.ts';
import { FailureClass, Stage } from './errors.ts';
import { metLimits } from './limits.ts';
import { CHECK_STATES, RESTORE_MODES, RESTORE_STEPS } from './names.ts';
import { wholeNumber } from './query.ts';

export const RestoreMode = z.enum(RESTORE_MODES);
export type RestoreMode = z.infer<typeof RestoreMode>;

/** A Kubernetes quantity, e.g. `10Gi`. */
const Quantity = z
  .string()
  .max(30)
  .regex(/^\d+(\.\d+)?(Ei|Pi|Ti|Gi|Mi|Ki|E|P|T|G|M|k)?$/, 'must be a size, e.g. 10Gi');

/** Where a restore writes to. `size`, `storageClass`, `accessModes` and `labels` are for mode `new` only. */
export const RestoreTarget = z
  .strictObject({
    namespace: NamespaceName,
    name: ClaimName,
    mode: RestoreMode.describe(
      'new: create the claim; empty: refuse a claim that holds anything; overwrite: replace files that the archive has; ' +
        'mirror: also delete what the archive does not have'
    ),
    size: Quantity.optional().describe('default: the size of the volume that was backed up'),
    storageClass: z.string().max(253).optional().describe('default: the class of the old claim'),
    accessModes: z
      .array(z.enum(['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod']))
      .min(1)
      .max(4)
      .optional()
      .describe('default: the modes of the old claim'),
    labels: z
      .record(z.string().max(317), z.string().max(63))
      .optional()
      .describe('default: the labels of the old claim'),
  })
  .superRefine((target, context) => {
    if (target.mode === 'new') return;
    for (const field of ['size', 'storageClass', 'accessModes', 'labels'] as const) {
      if (target[field] === undefined) continue;
      context.addIssue({ code: 'custom', path: [field], message: 'is for mode `new` only' });
    }
  })
  .meta({
    anyOf: [
      { properties: { mode: { const: 'new' } } },
      { properties: { size: false, storageClass: false, accessModes: false, labels: false } },
    ],
  });
export type RestoreTarget = z.infer<typeof RestoreTarget>;

/**
 * Paths in an archive, as the list of its files gives them: relative, without `./` in front, bytes that are not UTF-8 and
 * backslashes escaped (`\377`, `\\`). A directory stands for everything below it.
 */
export const ArchivePath = z.string().min(1).max(16_384);

/**
 * Which archive. The longest is `archive:DESTINATION/KEY`: 253 characters of a Secret's name, and a file name of 255 bytes.
 */
export const ArchiveId = z.string().min(1).max(520);

export const StartRestore = z.strictObject({
  cluster: cluster.describe(
    'name of the cluster of the target; default: that of NKVM. The archive may be of another one'
  ),
  backup: ArchiveId.describe(
    'id of a backup; `archive:KEY` for an archive at the destination that no backup here has; `upload:ID` for an upload'
  ),
  target: RestoreTarget,
  paths: z.array(ArchivePath).min(1).max(1_000).optional().describe('default: everything'),
  scale: z
    .boolean()
    .default(false)
    .describe('stop the workload that uses the claim, and start it again afterwards'),
  safetyBackup: z
    .boolean()
    .default(true)
    .describe('back up an existing claim first, so that the restore can be undone'),
});
export type StartRestore = z.infer<typeof StartRestore>;

/** One condition of a restore. One that `fails` blocks the start. */
export const PlanCheck = z.strictObject({
  name: z
    .string()
    .describe('stable, e.g. `archive`, `space`, `quota`, `class`, `rights`, `in-use`'),
  state: z.enum(CHECK_STATES),
  message: z.string(),
  hint: z.string().nullable(),
  reason: z.string().nullable().describe('where it fails: the reason that a start would fail with'),
});
export type PlanCheck = z.infer<typeof PlanCheck>;

/**
 * A kind of change to the files of an existing claim: how many, and the first names; none for callers without the right to
 * read the archives of that claim.
 */
const FileChange = z.strictObject({ count: z.int().min(0), names: z.array(z.string()) });

/** Changes that a restore makes in an existing claim. */
export const PlanFiles = z.strictObject({
  added: FileChange.describe('in the archive only'),
  replaced: FileChange.describe('in both, and not the same by type, size and time'),
  unchanged: FileChange.describe('in both, the same by type, size and time'),
  leftOver: FileChange.describe('in the claim only; mode `mirror` deletes them'),
  isComplete: z.boolean().describe('false: the inspection of the claim reached its limit'),
});
export type PlanFiles = z.infer<typeof PlanFiles>;

/** A workload that is stopped for the restore and started again. */
export const PlanWorkload = z.strictObject({
  kind: z.string(),
  name: z.string(),
  replicas: z
    .int()
    .min(0)
    .nullable()
    .describe('what it is set back to; null: a CronJob is resumed'),
  action: z.enum(['scale', 'suspend', 'none']),
  obstacle: z.string().nullable().describe('why it cannot be stopped, or who starts it again'),
});
export type PlanWorkload = z.infer<typeof PlanWorkload>;

/** The planned actions of a restore. Nothing has changed yet. */
export const RestorePlan = z.strictObject({
  canStart: z.boolean(),
  checks: z.array(PlanCheck),
  source: z.strictObject({
    backup: z.string(),
    archive: z.string().describe('name of the archive at its destination'),
    namespace: z.string().nullable().describe('null: the archive does not say'),
    name: z.string().nullable(),
    createdAt: z.iso.datetime().nullable(),
    hasManifest: z.boolean().describe('false: the expected contents of the archive are not known'),
    bytes: z.int().min(0),
    rawBytes: z.int().min(0).nullable().describe('size of the tar; null: not known'),
    files: z.int().min(0).nullable(),
  }),
  claim: z.strictObject({
    action: z.enum(['create', 'change']),
    namespace: z.string(),
    name: z.string(),
    size: z.string().nullable(),
    storageClass: z.string().nullable(),
    accessModes: z.array(z.string()),
    labels: z.record(z.string(), z.string()),
  }),
  neededBytes: z.int().min(0).nullable().describe('null: not known'),
  availableBytes: z.int().min(0).nullable().describe('null: not known'),
  workloads: z.array(PlanWorkload).describe('none for callers who may not list pods there'),
  files: PlanFiles.nullable().describe('null: the claim does not exist yet, or cannot be read'),
  selected: z
    .strictObject({ entries: z.int().min(0), bytes: z.int().min(0) })
    .nullable()
    .describe('what `paths` select; null: everything'),
});
export type RestorePlan = z.infer<typeof RestorePlan>;

/** A step of a restore around the copying itself, in its order. */
export const RestoreStep = z.strictObject({
  step: z.enum(RESTORE_STEPS),
  state: z.enum(['waiting', 'running', 'done', 'skipped', 'failed', 'undone']),
  message: z.string(),
});
export type RestoreStep = z.infer<typeof RestoreStep>;

/** Attributes that could not be restored: a kind, how many entries, and the first names. */
export const NotRestored = z.strictObject({
  kind: z.enum([
    'owner',
    'mode',
    'time',
    'xattr',
    'acl',
    'selinux',
    'capability',
    'device',
    'other',
  ]),
  count: z.int().min(1),
  names: z.array(z.string()),
});
export type NotRestored = z.infer<typeof NotRestored>;

/** How the volume was compared with the archive afterwards. */
export const RestoreComparison = z.strictObject({
  entries: z.int().min(0).describe('entries that were compared'),
  bytes: z.int().min(0).describe('bytes of file contents that were compared'),
  differences: z.int().min(0),
  examples: z.array(z.string()).describe('the first differences, in sentences'),
  notRestored: z.array(NotRestored),
  leftOver: z.int().min(0).describe('entries that only the volume has'),
});
export type RestoreComparison = z.infer<typeof RestoreComparison>;

export const Restore = z.strictObject({
  id: z.string(),
  cluster: ofCluster,
  status: BackupStatus,
  stage: Stage.nullable(),
  backup: z.string().describe('the `backup` of the request'),
  archive: z.string(),
  source: z.strictObject({ namespace: z.string().nullable(), name: z.string().nullable() }),
  target: z.strictObject({
    namespace: z.string(),
    name: z.string(),
    uid: z.string().nullable().describe('null: the claim is not created yet'),
    mode: RestoreMode,
  }),
  paths: z.array(z.string()).nullable().describe('null: everything, or not shown to the caller'),
  scale: z.boolean(),
  safetyBackup: z.boolean(),
  safetyBackupId: z.string().nullable().describe('the backup that an undo would restore'),
  undoOf: z.string().nullable().describe('the restore that this one undoes'),
  bytes: z.int().nullable().describe('bytes of the archive that were sent so far'),
  totalBytes: z.int().nullable(),
  message: z.string(),
  reason: z.string().nullable(),
  hint: z.string().nullable(),
  failureClass: FailureClass.nullable(),
  warnings: z.array(z.string()),
  steps: z.array(RestoreStep),
  comparison: RestoreComparison.nullable(),
  stages: z.array(StageTimes),
  helper: z
    .strictObject({
      pod: z.string(),
      node: z.string().nullable(),
      lastWords: z.string().optional(),
    })
    .nullable(),
  ...Route.shape,
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  attempt: z.int().min(1),
  retryAt: z.iso.datetime().nullable(),
  queuePosition: z.int().min(1).nullable().describe('as of a backup'),
  requestedBy: z.string(),
});
export type Restore = z.infer<typeof Restore>;

export const StartedRestore = z.strictObject({ restore: Restore });
export type StartedRestore = z.infer<typeof StartedRestore>;

export const RestoreQuery = z.strictObject({
  cluster,
  namespace: NamespaceName.optional(),
  name: ClaimName.optional(),
  status: BackupStatus.optional(),
  cursor: z.string().max(200).optional(),
  limit: wholeNumber(1, 500).default(50),
});
export type RestoreQuery = z.infer<typeof RestoreQuery>;

export const RestoreList = z.strictObject({
  restores: z.array(Restore).describe('newest first'),
  nextCursor: z.string().nullable(),
  incomplete: z.boolean(),
  limits: metLimits,
});
export type RestoreList = z.infer<typeof RestoreList>;

/** A re-read of an archive (`verify`), or a restore into a scratch claim that is deleted again (`drill`). */
export const Check = z.strictObject({
  id: z.string(),
  cluster: ofCluster,
  kind: z.enum(['verify', 'drill']),
  backup: z.string(),
  namespace: z.string(),
  name: z.string(),
  status: BackupStatus,
  stage: RunStage.or(Stage).nullable(),
  bytes: z.int().nullable(),
  totalBytes: z.int().nullable(),
  message: z.string(),
  reason: z.string().nullable(),
  hint: z.string().nullable(),
  failureClass: FailureClass.nullable(),
  warnings: z.array(z.string()),
  comparison: RestoreComparison.nullable().describe('of a drill'),
  output: z.string().nullable().describe("last lines of a drill's check command"),
  stages: z.array(StageTimes),
  ...Route.shape,
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  requestedBy: z.string(),
});
export type Check = z.infer<typeof Check>;

export const StartDrill = z
  .strictObject({
    image: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .describe('runs `command` with the restored volume'),
    command: z.array(z.string().max(16_384)).min(1).max(100).optional(),
    storageClass: z.string().max(253).optional(),
  })
  .refine(({ image, command }) => (image === undefined) === (command === undefined), {
    message: 'image and command belong together',
  })
  .meta({ dependentRequired: { image: ['command'], command: ['image'] } });
export type StartDrill = z.infer<typeof StartDrill>;

export const StartedCheck = z.strictObject({ check: Check });
export type StartedCheck = z.infer<typeof StartedCheck>;

export const CheckList = z.strictObject({
  checks: z.array(Check).describe('newest first'),
  limits: metLimits,
});
export type CheckList = z.infer<typeof CheckList>;
