import { z } from 'zod';
import { Stage } from './errors.ts';
import { MAX_VOLUMES_PER_REQUEST, PRIORITIES, RUN_STAGES, STATUSES } from './names.ts';

export const BackupStatus = z.enum(STATUSES);
export type BackupStatus = z.infer<typeof BackupStatus>;

export const RunStage = z.enum(RUN_STAGES);
export type RunStage = z.infer<typeof RunStage>;

/** Name of a namespace (RFC 1123 label). */
export const NamespaceName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a name of a namespace');

/** Name of a PersistentVolumeClaim (RFC 1123 subdomain). */
export const ClaimName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be a name of a PersistentVolumeClaim'
  );

export const VolumeRef = z.strictObject({ namespace: NamespaceName, name: ClaimName });
export type VolumeRef = z.infer<typeof VolumeRef>;

export const Priority = z.enum(PRIORITIES);
export type Priority = z.infer<typeof Priority>;

export const StartBackups = z.strictObject({
  volumes: z.array(VolumeRef).min(1).max(MAX_VOLUMES_PER_REQUEST),
  priority: z
    .enum(['on-demand', 'scheduled'])
    .default('on-demand')
    .describe('`scheduled` for scripts that run by the clock: what people ask for goes before it'),
});
export type StartBackups = z.infer<typeof StartBackups>;

/** How long one stage took. */
export const StageTimes = z.strictObject({
  stage: RunStage,
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type StageTimes = z.infer<typeof StageTimes>;

/** What the helper pod says of the stream that it sent, read on another channel after the stream. */
export const Seal = z.strictObject({
  bytes: z.int().min(0).describe('compressed bytes that left the pod'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  tarExit: z.int().describe('0: all well; 1: a file changed while tar read it; 2: broken'),
  compressorExit: z.int(),
  files: z.int().min(0).describe('entries in the archive, directories and links included'),
  rawBytes: z.int().min(0).describe('size of the tar before compression'),
  fidelity: z
    .enum(['full', 'reduced'])
    .describe('reduced: the image has no GNU tar, so xattrs, ACLs and holes are not kept'),
  warnings: z.array(z.string()).describe("tar's own words, at most 50 lines"),
});
export type Seal = z.infer<typeof Seal>;

/** A run in a list of volumes: enough for a cell of a table. */
export const BackupSummary = z.strictObject({
  id: z.string(),
  status: BackupStatus,
  stage: Stage.nullable(),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  bytes: z.int().nullable(),
  message: z.string(),
});
export type BackupSummary = z.infer<typeof BackupSummary>;

export const Backup = z.strictObject({
  id: z.string().describe('time-ordered: a later run has a greater id'),
  namespace: z.string(),
  name: z.string().describe('name of the PersistentVolumeClaim'),
  uid: z.string().describe('UID of the PersistentVolumeClaim'),
  status: BackupStatus,
  stage: Stage.nullable().describe('where the run is, or where it failed; null while queued'),
  bytes: z.int().nullable().describe('bytes received so far, then the size of the archive'),
  sha256: z.string().nullable(),
  archive: z.string().nullable().describe('path of the archive; set when it is published'),
  message: z.string().describe('one sentence on the outcome; empty while it runs'),
  reason: z.string().nullable().describe('stable, for programs: why it failed'),
  hint: z.string().nullable().describe('what to do about the failure'),
  warnings: z.array(z.string()),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable().describe('when the last attempt began'),
  endedAt: z.iso.datetime().nullable(),
  priority: Priority,
  attempt: z.int().min(1).describe('what can pass is tried again, with the same id'),
  retryAt: z.iso
    .datetime()
    .nullable()
    .describe('while queued after an attempt that failed: when the next may begin'),
  queuePosition: z.int().min(1).nullable().describe('place in the queue; null unless queued'),
  stages: z.array(StageTimes),
  seal: Seal.nullable(),
  helper: z
    .strictObject({
      pod: z.string(),
      node: z.string().nullable(),
      image: z.string(),
      lastWords: z
        .string()
        .optional()
        .describe(
          'what the helper, and Kubernetes about it, said last, in lines; where the run failed'
        ),
    })
    .nullable(),
  requestedBy: z.string().describe('the Kubernetes user whose token asked for it'),
  restoreCommand: z.string().nullable().describe('restores the archive by hand, with tar alone'),
});
export type Backup = z.infer<typeof Backup>;

export const StartedBackups = z.strictObject({
  backups: z.array(Backup).describe('in the order of the request'),
});
export type StartedBackups = z.infer<typeof StartedBackups>;

export const BackupQuery = z.strictObject({
  namespace: NamespaceName.optional(),
  name: ClaimName.optional(),
  status: BackupStatus.optional(),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
export type BackupQuery = z.infer<typeof BackupQuery>;

export const BackupList = z.strictObject({
  backups: z.array(Backup).describe('newest first'),
  nextCursor: z.string().nullable().describe('null: this is the last page'),
});
export type BackupList = z.infer<typeof BackupList>;

export const BackupParams = z.strictObject({ id: z.string().min(1).max(64) });
