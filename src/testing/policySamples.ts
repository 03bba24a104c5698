import {
  PlannedArchive,
  type PolicyDay,
  PolicyList,
  PopulateStatus,
  RetentionHold,
  RetentionPlan,
  VolumePolicy,
  VolumePolicyDetails,
} from '../../sidecar/api';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1024 ** 2;

/** @param hours before now; negative: after now. */
export const hoursAgo = (hours: number): string =>
  new Date(Date.now() - hours * HOUR_MS).toISOString();

/** Backed up each hour, and all is well; tests say only in what theirs differs. */
export const aPolicy = (differs: Partial<VolumePolicy> = {}): VolumePolicy =>
  VolumePolicy.parse({
    namespace: 'shop',
    name: 'orders-db',
    uid: `uid-${differs.name ?? 'orders-db'}`,
    state: 'protected',
    reasons: [],
    schedule: {
      text: 'hourly',
      cron: '17 * * * *',
      timeZone: 'UTC',
      setOn: 'claim',
      setBy: 'label',
    },
    suspended: false,
    nextRunAt: hoursAgo(-0.5),
    lastSuccessAt: hoursAgo(0.5),
    overdueSince: null,
    deletingSince: null,
    drill: null,
    holdUntil: null,
    populate: null,
    makesIncrements: false,
    restoredAutomatically: true,
    retention: [],
    backupsVisible: true,
    ...differs,
  });

/** Nothing asks for backups of it. */
export const anUnprotected = (differs: Partial<VolumePolicy> = {}): VolumePolicy =>
  aPolicy({
    state: 'unprotected',
    reasons: [{ reason: 'NoSchedule', message: 'nothing asks for backups', hint: null }],
    schedule: null,
    nextRunAt: null,
    lastSuccessAt: null,
    makesIncrements: false,
    restoredAutomatically: false,
    ...differs,
  });

/** A claim that cannot be restored without a decision. */
export const aPopulate = (differs: Partial<PopulateStatus> = {}): PopulateStatus =>
  PopulateStatus.parse({
    state: 'needs-decision',
    reason: 'TwoCandidates',
    message: 'the clusters prod-1 and prod-2 both have backups of shop/orders-db',
    hint: 'choose one of the backups, or let the volume start empty',
    backup: null,
    restore: null,
    since: hoursAgo(0.2),
    retryAt: null,
    ...differs,
  });

export const policyList = (
  volumes: VolumePolicy[],
  differs: Partial<PolicyList> = {}
): PolicyList =>
  PolicyList.parse({ volumes, zeroTouch: true, incomplete: false, limits: [], ...differs });

/** 30 days: good ones, but for one of each kind. */
function someDays(): PolicyDay[] {
  const odd: Record<number, Partial<PolicyDay>> = {
    0: { state: 'none', good: 0 },
    1: { state: 'none', good: 0 },
    9: { state: 'failed', good: 22, failed: 2 },
    16: { state: 'missed', good: 20, missed: 4 },
    17: { state: 'overdue', good: 0, missed: 24 },
  };
  return Array.from({ length: 30 }, (_, index) => ({
    date: new Date(Date.now() - (29 - index) * DAY_MS).toISOString().slice(0, 10),
    state: 'good' as const,
    good: 24,
    failed: 0,
    missed: 0,
    ...odd[index],
  }));
}

export const aPlanned = (hours: number, keep: boolean, ...reasons: string[]): PlannedArchive =>
  PlannedArchive.parse({
    backup: `run-${hours}`,
    createdAt: hoursAgo(hours),
    bytes: 20 * MIB,
    keep,
    reasons,
  });

export const aHold = (differs: Partial<RetentionHold> = {}): RetentionHold =>
  RetentionHold.parse({
    kind: 'anomaly',
    message: 'the backup of today has 3 files, the one before had 41,000',
    hint: 'check the volume, then accept the change',
    ...differs,
  });

/** A day of hourly archives, a week of daily ones, and some that go. */
export const aRetentionPlan = (differs: Partial<RetentionPlan> = {}): RetentionPlan => {
  const archives = [
    ...Array.from({ length: 24 }, (_, hour) =>
      aPlanned(hour + 0.5, true, ...(hour < 3 ? [`last ${hour + 1} of 3`] : []), `hourly ${hour}`)
    ),
    ...[25.5, 26.5, 27.5].map(hours => aPlanned(hours, false, 'no rule keeps it')),
    ...[2, 3, 4, 5, 6, 7].map(day => aPlanned(day * 24 + 0.5, true, `daily ${day} of 7`)),
    ...[14, 21, 28].map((day, week) => aPlanned(day * 24 + 0.5, true, `weekly ${week + 2} of 4`)),
    ...[60, 90, 120].map((day, month) => aPlanned(day * 24, true, `monthly ${month + 2} of 6`)),
  ];
  const removed = archives.filter(({ keep }) => !keep);
  return RetentionPlan.parse({
    destination: 'local',
    keep: 'last=3,hourly=24,daily=7,weekly=4,monthly=6',
    kept: archives.length - removed.length,
    removed: removed.length,
    removedBytes: removed.length * 20 * MIB,
    hold: null,
    archives,
    ...differs,
  });
};

export const policyDetails = (
  policy: VolumePolicy = aPolicy(),
  differs: Partial<VolumePolicyDetails> = {}
): VolumePolicyDetails =>
  VolumePolicyDetails.parse({
    ...policy,
    days: someDays(),
    upcoming: policy.nextRunAt
      ? [0, 1, 2, 3, 4].map(hours =>
          new Date(Date.parse(policy.nextRunAt!) + hours * HOUR_MS).toISOString()
        )
      : [],
    plans: policy.schedule ? [aRetentionPlan()] : [],
    ...differs,
  });
