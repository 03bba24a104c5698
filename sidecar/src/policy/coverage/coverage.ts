import type {
  PolicySchedule,
  PopulateStatus,
  RetentionPlan,
  RetentionSummary,
  VolumePolicy,
  VolumePolicyDetails,
} from '../../../api/index.ts';
import { BACKUP_LABEL, SCHEDULE_ANNOTATION } from '../../../api/index.ts';
import { obstacleOf } from '../../backup/request/obstacle.ts';
import type { IsOpen, OpenNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Claim, Inventory } from '../../cluster/inventory/inventory.ts';
import type { ClaimHistory, History } from '../../history/history.ts';
import { inTurns } from '../../inTurns.ts';
import { isFirstRestoreOpen, isHeldByRestore } from '../populate/firstRestore.ts';
import { summaryOf } from '../retention/summaries.ts';
import { comesBack } from './comesBack.ts';
import { daysOf, firstDay, upcomingOf } from './days.ts';
import { deletingReason } from './deleting.ts';
import { firstSeen } from './firstSeen.ts';
import type { Protection } from './protection.ts';
import { protectionOf } from './protection.ts';
import type { Slots } from './slots.ts';

/** The part of a wish that decides about protection. */
export interface CoverageWish {
  schedule: PolicySchedule | null;
  isOff: boolean;
  suspended: boolean;
  holdUntil: string | null;
  drill: Pick<PolicySchedule, 'cron'> | null;
  problems: readonly { key: string; message: string; hint: string }[];
}

/** Sources of what is known of the protection of volumes. */
export interface CoverageWorld {
  inventory: Pick<Inventory, 'claims' | 'namespace'>;
  history: Pick<History, 'ofClaim' | 'backupsSince' | 'prunedUntil' | 'checkFailure'>;
  open: Pick<OpenNamespaces, 'known'>;
  /** Its labels and annotations, and the times of its schedule; null where it has none. It must be cheap. */
  wanted(claim: Claim): { wish: CoverageWish; slots: Slots | null };
  /** When its next backup starts by itself: a run that is made up starts between two slots. Null: it is not known. */
  nextRunOf?: ((claim: Claim) => Date | null) | undefined;
  /** Whether its scheduled backups are increments. It must be cheap. */
  makesIncrements?: ((claim: Claim) => boolean) | undefined;
  /** Whether the settings let schedules start runs. */
  areSchedulesOn?: boolean | undefined;
  /** Undefined: the claim does not wait for an automatic restore. */
  populateOf?: ((claim: Claim) => PopulateStatus | undefined) | undefined;
  /** The effect of retention on it, as of the last plan. It must be cheap: a list asks for all. */
  retentionOf?: ((claim: Claim) => readonly RetentionSummary[]) | undefined;
  plansOf?: ((claim: Claim) => Promise<readonly RetentionPlan[]>) | undefined;
  /** Whether deploy/k8s/zero-touch is applied. */
  isZeroTouch?: (() => boolean) | undefined;
  /** Whether this NKVM can restore claims of the cluster automatically. Default: it can. */
  restoresAutomatically?: boolean | undefined;
  now(): Date;
}

/** How well volumes are protected. */
export interface Coverage {
  isZeroTouch(): boolean;
  /** Other work has its turn in between. @returns the policy of each of the claims, in their order */
  ofEach(claims: readonly Claim[]): Promise<VolumePolicy[]>;
  of(claim: Claim): Promise<VolumePolicyDetails>;
}

export function coverageOf(world: CoverageWorld): Coverage {
  const { history, inventory, open, now } = world;
  const seen = firstSeen();
  const isOn = world.areSchedulesOn ?? true;
  const isZeroTouch = () => world.isZeroTouch?.() ?? false;

  const looked = (claim: Claim, isOpen: IsOpen, at: number, isList: boolean) => {
    const { namespace, name, uid } = claim;
    const { wish, slots } = world.wanted(claim);
    const past = history.ofClaim(uid, namespace, name);
    const populate = world.populateOf?.(claim) ?? null;
    const isHeld = populate !== null || isHeldByRestore(claim);
    const isScheduled = slots !== null && !wish.suspended && !isHeld;
    const isInvalid =
      !wish.schedule && wish.problems.some(({ key }) => SCHEDULE_KEYS.includes(key));
    const protection = protectionOf({
      slots,
      isOff: wish.isOff,
      suspended: wish.suspended,
      problems: wish.problems.map(({ message, hint }) => ({
        reason: 'InvalidValue',
        message,
        hint,
      })),
      isInvalid,
      restoreMark: claim.restoreMark,
      isFirstRestoreOpen: isFirstRestoreOpen(claim),
      restoresAutomatically: world.restoresAutomatically ?? true,
      populate,
      deleting: deletingReason(claim),
      obstacle: obstacleOf(claim, isOpen),
      lastBackup: past.lastBackup,
      lastSuccess: past.lastSuccess,
      checkFailedAt: newestOf(
        history.checkFailure('verify', claim),
        history.checkFailure('drill', claim)
      ),
      countsFrom: seen.since(claim, isScheduled, past.lastBackup?.createdAt, at),
      now: at,
    });
    return {
      policy: policyOf(claim, { wish, slots, past, protection, populate, at, isList }),
      wish,
      slots,
      protection,
    };
  };

  const policyOf = (
    claim: Claim,
    { wish, slots, past, protection, populate, at, isList }: Looked
  ): VolumePolicy => {
    const { namespace, name, uid } = claim;
    const { schedule } = wish;
    const { state, reasons, overdue } = protection;
    const runs = slots && isOn && !wish.suspended && state !== 'held' && !claim.terminating;
    // It costs too much to be asked for thousands of volumes, and differs from the slots after a missed run only.
    const known = runs && (!isList || overdue) ? world.nextRunOf?.(claim) : null;
    const next = known?.getTime() ?? (runs ? slots.nextAfter(at) : null);
    const hasBackup = past.lastSuccess !== null && past.lastSuccess.presentAt.length > 0;
    const zeroTouch = isZeroTouch();
    return {
      ...{ namespace, name, uid, state },
      reasons: slots && !isOn ? [...reasons, SCHEDULES_OFF] : reasons,
      schedule: schedule && {
        text: schedule.text,
        cron: schedule.cron,
        timeZone: schedule.timeZone,
        setOn: schedule.setOn,
        setBy: schedule.setBy,
      },
      suspended: wish.suspended,
      nextRunAt: timeOrNull(next),
      lastSuccessAt: past.lastSuccess && (past.lastSuccess.endedAt ?? past.lastSuccess.createdAt),
      overdueSince: timeOrNull(overdue && overdue.since),
      deletingSince: claim.terminating ? claim.deletingSince ?? claim.createdAt : null,
      drill: wish.drill?.cron ?? null,
      holdUntil: wish.holdUntil,
      makesIncrements: world.makesIncrements?.(claim) ?? false,
      populate,
      restoredAutomatically: comesBack(claim, inventory.namespace(namespace), {
        zeroTouch,
        hasBackup,
      }),
      retention: [...(world.retentionOf?.(claim) ?? [])],
      backupsVisible: true,
    };
  };

  return {
    isZeroTouch,

    async ofEach(claims) {
      const opened = new Map<string, IsOpen>();
      const names = [...new Set(claims.map(({ namespace }) => namespace))];
      await Promise.all(names.map(async name => opened.set(name, await open.known(name))));
      const at = now().getTime();
      seen.forgetOthers(inventory.claims, at);
      return await inTurns(
        claims,
        claim => looked(claim, opened.get(claim.namespace) ?? 'unknown', at, true).policy
      );
    },

    async of(claim) {
      const at = now().getTime();
      const isOpen = await open.known(claim.namespace);
      const { policy, slots, protection } = looked(claim, isOpen, at, false);
      const runs = history.backupsSince(claim, new Date(firstDay(at)).toISOString());
      // Slots before the first run of the schedule say nothing: nobody knows since when there is a schedule. The same holds
      // where the history was pruned.
      const plans = (await world.plansOf?.(claim)) ?? [];
      const first = runs.findLast(({ priority }) => priority === 'scheduled');
      return {
        ...policy,
        days: daysOf({
          runs,
          slots,
          countsFrom: first
            ? Math.max(Date.parse(first.createdAt), Date.parse(history.prunedUntil() ?? '') || 0)
            : null,
          overdue: protection.overdue,
          now: at,
        }),
        upcoming: slots && policy.nextRunAt !== null ? upcomingOf(slots, at) : [],
        plans: [...plans],
        ...(world.plansOf && { retention: plans.map(summaryOf) }),
      };
    },
  };
}

interface Looked {
  wish: CoverageWish;
  slots: Slots | null;
  past: ClaimHistory;
  protection: Protection;
  populate: PopulateStatus | null;
  at: number;
  /** False: one volume is asked for. */
  isList: boolean;
}

const SCHEDULES_OFF = {
  reason: 'SchedulesOff',
  message: 'the setting NKVM_SCHEDULES is off, so that no schedule starts a run',
  hint: 'set NKVM_SCHEDULES to on, or start the runs yourself',
};

const SCHEDULE_KEYS: readonly string[] = [BACKUP_LABEL, SCHEDULE_ANNOTATION];

const newestOf = (one: string | null, other: string | null): string | null =>
  one === null || (other !== null && other > one) ? other : one;

const timeOrNull = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString();
