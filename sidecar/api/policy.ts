import { z } from 'zod';
import { ClaimName, NamespaceName } from './backups.ts';
import { cluster } from './clusters.ts';
import { DestinationName } from './destinations.ts';
import { metLimits } from './limits.ts';
import { POPULATE_STATES, PROTECTION_STATES, RETENTION_HOLDS } from './names.ts';

/**
 * - `protected`: the newest backup is good, and no run is overdue
 * - `waiting`: there is no good backup yet, and the first run is not overdue
 * - `overdue`: a run should have succeeded, and did not
 * - `suspended`: a person has suspended the schedule
 * - `held`: its first restore has no verdict, so that it is neither backed up nor pruned
 * - `invalid`: a label or an annotation has a value that is not valid, so that nothing is scheduled
 * - `unprotected`: nothing asks for backups
 * - `unknown`: it could not be determined
 */
export const ProtectionState = z.enum(PROTECTION_STATES);
export type ProtectionState = z.infer<typeof ProtectionState>;

/** A reason in words for people. */
export const PolicyReason = z.strictObject({
  reason: z.string().describe('stable, for programs'),
  message: z.string(),
  hint: z.string().nullable(),
});
export type PolicyReason = z.infer<typeof PolicyReason>;

/** When a volume is backed up. */
export const PolicySchedule = z.strictObject({
  text: z.string().describe('the value of the label or of the annotation, e.g. `hourly`'),
  cron: z.string().describe('as it runs, with the minute that this volume has'),
  timeZone: z.string().describe('IANA name, e.g. `Europe/Berlin`'),
  setOn: z.enum(['claim', 'namespace']),
  setBy: z.enum(['label', 'annotation']),
});
export type PolicySchedule = z.infer<typeof PolicySchedule>;

export const RetentionHold = z.strictObject({
  kind: z.enum(RETENTION_HOLDS),
  message: z.string(),
  hint: z.string(),
  removed: z
    .int()
    .min(1)
    .optional()
    .describe('of kind `share`: archives of all volumes that would go at the destination'),
});
export type RetentionHold = z.infer<typeof RetentionHold>;

/** The effect of retention on the archives of one volume at one destination. */
export const RetentionSummary = z.strictObject({
  destination: DestinationName,
  keep: z.string().describe('the rules, e.g. `last=3,daily=7`; empty: everything is kept'),
  kept: z.int().min(0),
  removed: z.int().min(0).describe('archives that go when the plan is applied'),
  removedBytes: z.int().min(0),
  hold: RetentionHold.nullable().describe('why nothing is deleted; null: the plan is applied'),
});
export type RetentionSummary = z.infer<typeof RetentionSummary>;

/** A backup that a claim could be restored from. */
export const PopulateChoice = z.strictObject({
  backup: z.string(),
  createdAt: z.iso.datetime(),
  destination: DestinationName,
  cluster: z.string().describe('name of the cluster that made it'),
  allowed: z
    .boolean()
    .describe(
      'whether a person may name it in `nkvm.io/start`; false: it is of a cluster that this one does not continue'
    ),
});
export type PopulateChoice = z.infer<typeof PopulateChoice>;

/** The state of a claim that is to be restored, and the reason that it waits. */
export const PopulateStatus = z.strictObject({
  state: z.enum(POPULATE_STATES),
  reason: z.string(),
  message: z.string(),
  hint: z.string().nullable(),
  backup: z.string().nullable().describe('id of the backup that it is restored from'),
  restore: z.string().nullable().describe('id of the restore run'),
  since: z.iso.datetime(),
  retryAt: z.iso.datetime().nullable(),
  choices: z
    .array(PopulateChoice)
    .optional()
    .describe(
      'backups that a person can choose from, newest first; absent: nothing is to be chosen'
    ),
});
export type PopulateStatus = z.infer<typeof PopulateStatus>;

export const VolumePolicy = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  state: ProtectionState,
  reasons: z.array(PolicyReason),
  schedule: PolicySchedule.nullable(),
  suspended: z.boolean(),
  nextRunAt: z.iso.datetime().nullable(),
  lastSuccessAt: z.iso.datetime().nullable(),
  overdueSince: z.iso.datetime().nullable(),
  deletingSince: z.iso
    .datetime()
    .nullable()
    .describe(
      'when its deletion was asked for: a pod or a finalizer keeps it; null: it is not being deleted'
    ),
  drill: z.string().nullable().describe('cron of its drills'),
  holdUntil: z.iso.datetime().nullable().describe('no archive is deleted before'),
  makesIncrements: z
    .boolean()
    .describe('whether its scheduled backups are increments over a full archive'),
  populate: PopulateStatus.nullable().describe('null: it is not waiting for a restore'),
  restoredAutomatically: z
    .boolean()
    .describe('whether the claim would come back with its data when it is applied again'),
  retention: z
    .array(RetentionSummary)
    .describe(
      'as of the last plan; a list of thousands of volumes can lack those that are not planned yet'
    ),
  backupsVisible: z
    .boolean()
    .describe(
      'false: the caller may see the volume, but not its backups, so that `state` is `unknown` and everything about backups and restores is empty'
    ),
});
export type VolumePolicy = z.infer<typeof VolumePolicy>;

export const PolicyQuery = z.strictObject({ cluster, namespace: NamespaceName.optional() });
export type PolicyQuery = z.infer<typeof PolicyQuery>;

export const PolicyList = z.strictObject({
  volumes: z.array(VolumePolicy).describe('ordered by namespace, then name'),
  zeroTouch: z
    .boolean()
    .describe('whether claims are restored automatically: deploy/k8s/zero-touch is applied'),
  incomplete: z
    .boolean()
    .describe('true: not every namespace was looked at; ask for one with `namespace`'),
  limits: metLimits,
});
export type PolicyList = z.infer<typeof PolicyList>;

/** One archive in the retention plan. */
export const PlannedArchive = z.strictObject({
  backup: z.string().describe('id of the run'),
  createdAt: z.iso.datetime(),
  bytes: z.int().min(0).nullable(),
  keep: z.boolean(),
  reasons: z.array(z.string()).describe('e.g. `last 2 of 3`, `daily 2026-11-20`, `on hold`'),
});
export type PlannedArchive = z.infer<typeof PlannedArchive>;

export const RetentionPlan = RetentionSummary.extend({
  archives: z.array(PlannedArchive).describe('newest first'),
});
export type RetentionPlan = z.infer<typeof RetentionPlan>;

/** One day of a volume, in UTC. */
export const PolicyDay = z.strictObject({
  date: z.iso.date(),
  state: z.enum(['good', 'failed', 'missed', 'overdue', 'none']),
  good: z.int().min(0),
  failed: z.int().min(0),
  missed: z.int().min(0),
});
export type PolicyDay = z.infer<typeof PolicyDay>;

export const VolumePolicyDetails = VolumePolicy.extend({
  days: z.array(PolicyDay).length(30).describe('oldest first; the last is today'),
  upcoming: z.array(z.iso.datetime()).max(5),
  plans: z.array(RetentionPlan),
});
export type VolumePolicyDetails = z.infer<typeof VolumePolicyDetails>;

export const PolicyParams = z.strictObject({ namespace: NamespaceName, name: ClaimName });

/** A person lets retention go on where the circuit breaker has stopped it. */
export const ApproveRetention = z.strictObject({
  cluster,
  destination: DestinationName,
  removed: z.int().min(1).describe('the number that the plan showed; another number is refused'),
});
export type ApproveRetention = z.infer<typeof ApproveRetention>;
