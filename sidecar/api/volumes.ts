import { z } from 'zod';
import { BackupSummary, NamespaceName, ProvenRestore } from './backups.ts';
import { cluster } from './clusters.ts';
import { metLimits } from './limits.ts';

/** A controller or a bare pod that a volume belongs to, e.g. `apps/v1 StatefulSet shop/orders`. */
export const OwnerReference = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
});
export type OwnerReference = z.infer<typeof OwnerReference>;

/**
 * The owner of a volume: the top of the ownerReferences of the pods that mount it, or of the pod templates that name it.
 * `kind` is the field to switch on.
 */
export const Owner = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('Single'), owner: OwnerReference }),
  z.strictObject({ kind: z.literal('Multiple'), owners: z.array(OwnerReference).min(2) }),
  z.strictObject({ kind: z.literal('Unknown'), reason: z.string() }),
]);
export type Owner = z.infer<typeof Owner>;

export const MountingPod = z.strictObject({
  name: z.string(),
  phase: z.string(),
  node: z.string().nullable(),
});
export type MountingPod = z.infer<typeof MountingPod>;

/** Why a backup of this volume would be refused now. */
export const Obstacle = z.strictObject({
  reason: z.string(),
  message: z.string(),
  hint: z.string(),
});
export type Obstacle = z.infer<typeof Obstacle>;

/** The user that helper pods read a volume as, where that is not root. */
export const ReadsAs = z.strictObject({
  user: z.int().nullable().describe('user id; null: see `podsVisible`'),
  because: z
    .enum(['setting', 'pods', 'unknown'])
    .describe(
      '`setting`: NKVM_HELPER_RUN_AS_USER; where the namespace enforces Pod Security level restricted, `pods`: the pods that use the volume name it, `unknown`: they name none'
    ),
});
export type ReadsAs = z.infer<typeof ReadsAs>;

export const Volume = z.strictObject({
  namespace: z.string(),
  name: z.string().describe('name of the PersistentVolumeClaim'),
  uid: z.string(),
  phase: z.enum(['Pending', 'Bound', 'Lost']),
  capacityBytes: z.number().nullable().describe('what was provisioned; null until bound'),
  requestedBytes: z.number().nullable(),
  accessModes: z.array(z.string()),
  volumeMode: z.enum(['Filesystem', 'Block']),
  storageClass: z.string().nullable(),
  node: z
    .string()
    .nullable()
    .describe('the only node where the volume can be used, where there is one; see `podsVisible`'),
  labels: z.record(z.string(), z.string()),
  createdAt: z.iso.datetime(),
  podsVisible: z
    .boolean()
    .describe(
      'false: the caller lacks `list pods` in the namespace, so `pods`, `node` and `owner` say nothing'
    ),
  pods: z.array(MountingPod),
  owner: Owner,
  readsAs: ReadsAs.optional().describe(
    'absent: helper pods read as root. Otherwise a backup fails, before anything is packed, where that user cannot read a file'
  ),
  obstacle: Obstacle.nullable().describe('null: a backup can be started now'),
  mayBackUp: z.boolean().describe('the caller has `create persistentvolumeclaims/backup` here'),
  backupsVisible: z.boolean().describe('false: the caller may see the volume, but not its backups'),
  lastBackup: BackupSummary.nullable().describe('the newest run of this claim'),
  lastSuccess: BackupSummary.nullable().describe('the newest run of this claim that is proven'),
  lastProvenRestore: ProvenRestore.nullable().describe(
    'when a backup of this claim was last restored as a whole and compared'
  ),
});
export type Volume = z.infer<typeof Volume>;

export const VolumeQuery = z.strictObject({ cluster, namespace: NamespaceName.optional() });
export type VolumeQuery = z.infer<typeof VolumeQuery>;

export const VolumeList = z.strictObject({
  volumes: z.array(Volume).describe('ordered by namespace, then name'),
  stale: z
    .array(z.string())
    .describe(
      'a sentence for each kind of object that cannot be read now: the list may be out of date'
    ),
  incomplete: z
    .boolean()
    .describe('true: not every namespace was looked at; ask for one with `namespace`'),
  limits: metLimits,
});
export type VolumeList = z.infer<typeof VolumeList>;
