import type {
  BackupSummary,
  Obstacle,
  PolicyReason,
  PopulateStatus,
  ProtectionState,
} from '../../../api/index.ts';
import type { RestoreMark } from '../../cluster/writes/restoreMark.ts';
import { latestBelievable } from '../../history/runId.ts';
import type { Overdue, Slots } from './slots.ts';
import { overdueOf } from './slots.ts';

/** Facts that decide how well a volume is protected. */
export interface ProtectionFacts {
  /** The times of its schedule; null: nothing asks for backups. */
  slots: Slots | null;
  /** The label or annotation says that there are to be no backups. */
  isOff: boolean;
  suspended: boolean;
  /** Values of labels and annotations that are not valid. */
  problems: readonly PolicyReason[];
  /** Because of such a value, nothing is scheduled. */
  isInvalid: boolean;
  restoreMark: RestoreMark | undefined;
  /** It asks NKVM for its volume, and has none yet, or one that NKVM has not given it. */
  isFirstRestoreOpen: boolean;
  /** Whether this NKVM gives claims of the cluster their volumes. */
  restoresAutomatically: boolean;
  /** Null: it does not wait for an automatic restore. */
  populate: PopulateStatus | null;
  /** Why it is still there although it is being deleted; undefined: it is not being deleted. */
  deleting?: PolicyReason | undefined;
  /** Why a backup would be refused now. */
  obstacle: Obstacle | null;
  lastBackup: BackupSummary | null;
  lastSuccess: BackupSummary | null;
  /** When the newest verification or drill ended, if it failed (ISO-8601). */
  checkFailedAt: string | null;
  /** From when on the schedule counts, in milliseconds since 1970: slots of earlier times need no backup. */
  countsFrom: number;
  now: number;
}

export interface Protection {
  state: ProtectionState;
  /** The deciding one first. */
  reasons: PolicyReason[];
  overdue: Overdue | null;
}

/**
 * Decides how well a volume is protected. The first row that applies:
 *
 * | the claim | the state |
 * | --- | --- |
 * | waits for its first restore, or that restore has no verdict | `held` |
 * | has a value that is not valid, so that nothing is scheduled | `invalid` |
 * | has no schedule, or `backup: off` | `unprotected` |
 * | has a suspended schedule | `suspended` |
 * | has a slot whose grace has ended without a good backup | `overdue` |
 * | has no good backup yet | `waiting` |
 * | has a check that failed, and no good backup since | `unknown` |
 * | any other | `protected` |
 *
 * A claim that is being deleted is not backed up any more, and never overdue; that is its first reason.
 *
 * A good backup is one that was proven, and that a destination still has.
 */
export function protectionOf(facts: ProtectionFacts): Protection {
  const { slots, problems, deleting, now } = facts;
  const obstacle = deleting ? null : facts.obstacle;
  const latest = new Date(latestBelievable(now)).toISOString();
  const { lastSuccess } = facts;
  const isThere = lastSuccess !== null && lastSuccess.presentAt.length > 0;
  // A time that a wrong clock has given says nothing about the age of the backup.
  const good = isThere && lastSuccess.createdAt <= latest ? lastSuccess : null;

  const decided = (
    state: ProtectionState,
    reasons: readonly PolicyReason[],
    overdue: Overdue | null = null
  ): Protection => ({
    state,
    reasons: [
      ...(deleting ? [deleting] : []),
      ...reasons,
      ...(state === 'invalid' ? [] : problems),
      ...(obstacle && state !== 'held' ? [{ ...obstacle }] : []),
    ],
    overdue,
  });

  const held = heldBy(facts);
  if (held) return decided('held', [held]);
  if (facts.isInvalid) return decided('invalid', problems);
  if (facts.isOff) return decided('unprotected', [OFF]);
  if (!slots) return decided('unprotected', [NO_SCHEDULE]);
  if (facts.suspended) return decided('suspended', [SUSPENDED, ...failure(facts)]);

  const covered = Math.max(facts.countsFrom, good ? Date.parse(good.createdAt) : 0);
  const overdue = deleting ? null : overdueOf(slots, covered, now);
  if (overdue) {
    const gone = lastSuccess && !isThere ? [goneReason(lastSuccess)] : [];
    const late = overdueReason(overdue, good, now);
    return decided('overdue', [late, ...gone, ...failure(facts)], overdue);
  }
  if (!good) {
    const why = lastSuccess && !isThere ? goneReason(lastSuccess) : notYet(slots, now);
    return decided('waiting', [why, ...failure(facts)]);
  }
  if (facts.checkFailedAt !== null && facts.checkFailedAt >= (good.endedAt ?? good.createdAt)) {
    return decided('unknown', [checkFailed(facts.checkFailedAt), ...failure(facts)]);
  }
  return decided('protected', failure(facts));
}

function heldBy({
  populate,
  restoreMark,
  isFirstRestoreOpen,
  restoresAutomatically,
}: ProtectionFacts): PolicyReason | undefined {
  if (populate) {
    const { reason, message, hint } = populate;
    return { reason, message, hint };
  }
  if (!restoreMark) {
    if (!isFirstRestoreOpen) return undefined;
    return restoresAutomatically ? OPEN : OF_OTHER_CLUSTER;
  }
  return {
    reason: 'FirstRestoreUnproven',
    message: `restore ${restoreMark.runId} has made the claim, and has not proven its contents`,
    hint:
      restoreMark.state === 'restoring'
        ? 'wait until the restore has ended'
        : 'delete the claim, or restore it again: it may hold a part of the data',
  };
}

const OPEN: PolicyReason = {
  reason: 'FirstRestoreOpen',
  message: 'its first restore has no result yet, so that it is neither backed up nor pruned',
  hint: 'wait for it; where a provisioner has bound the claim itself, decide with the annotation nkvm.io/start',
};

const OF_OTHER_CLUSTER: PolicyReason = {
  reason: 'NotRestoredInOtherClusters',
  message:
    'it asks for an automatic restore, which this NKVM makes in its own cluster only, so that it is neither restored, backed up nor pruned',
  hint: 'delete it, and restore a backup into a new claim; remove deploy/k8s/zero-touch from that cluster, unless an NKVM runs there',
};

const OFF: PolicyReason = {
  reason: 'BackupsOff',
  message: 'its label or annotation says that there are to be no backups: off',
  hint: null,
};

const NO_SCHEDULE: PolicyReason = {
  reason: 'NoSchedule',
  message: 'neither the claim nor its namespace has a schedule',
  hint: 'set the label backup to hourly, daily, weekly or monthly, on the claim or on its namespace',
};

const SUSPENDED: PolicyReason = {
  reason: 'ScheduleSuspended',
  message: 'the annotation nkvm.io/suspend has suspended the schedule',
  hint: 'delete the annotation from the claim or from its namespace to continue',
};

const timeOf = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

function overdueReason(
  { slot, since }: Overdue,
  good: BackupSummary | null,
  now: number
): PolicyReason {
  const hours = Math.floor((now - slot) / 3_600_000);
  const age = hours < 1 ? 'less than an hour' : hours === 1 ? '1 hour' : `${hours} hours`;
  const newest = good ? `the newest good backup is of ${good.createdAt}` : 'there is none';
  return {
    reason: 'BackupOverdue',
    message: `the run of ${timeOf(slot)}, ${age} ago, has no good backup, which was due at ${timeOf(
      since
    )}; ${newest}`,
    hint: 'read its newest run, or back up the volume by hand',
  };
}

function notYet(slots: Slots, now: number): PolicyReason {
  const next = slots.nextAfter(now);
  return {
    reason: 'NoBackupYet',
    message:
      next === null
        ? 'there is no good backup yet, and the schedule has no further run'
        : `there is no good backup yet; the next run is at ${timeOf(next)}`,
    hint: 'back it up by hand to protect it at once',
  };
}

const goneReason = ({ createdAt }: BackupSummary): PolicyReason => ({
  reason: 'NewestBackupGone',
  message: `no destination has all of the newest good backup, of ${createdAt}, any more`,
  hint: 'use an earlier backup if you need one now, and back up the volume by hand',
});

const checkFailed = (at: string): PolicyReason => ({
  reason: 'NewestCheckFailed',
  message: `the newest verification or drill, of ${at}, failed, and there is no good backup since`,
  hint: 'read the check, and back up the volume by hand',
});

/** A failure since the newest good backup. */
function failure({ lastBackup }: ProtectionFacts): PolicyReason[] {
  if (lastBackup?.status !== 'failed') return [];
  return [
    {
      reason: 'LastBackupFailed',
      message: `the newest backup, of ${lastBackup.createdAt}, failed: ${lastBackup.message}`,
      hint: 'read the run: it names its stage and what to do',
    },
  ];
}
