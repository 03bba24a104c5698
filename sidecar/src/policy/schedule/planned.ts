import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { History } from '../../history/history.ts';
import type { Wish } from '../wish/wish.ts';
import { dueOf, hasRun } from './due.ts';
import type { Schedule, ScheduleKey } from './schedule.ts';
import type { Slots } from './slots.ts';
import { slotsFor, slotsOf } from './slots.ts';
import { fractionOf } from './spread.ts';

/** The part of the history that tells which slots have their run. */
export type PastRuns = Pick<History, 'backupsSince' | 'ofClaim' | 'list'>;

/** The runs of one purpose of one claim. Times are milliseconds since 1970. */
export interface Planned {
  purpose: 'backup' | 'drill';
  schedule: Schedule;
  /** Where the claim's own times within windows are. */
  fraction: number;
  /** Slots until then count for nothing. */
  since: number;
  /** Since when runs could start: the schedule was set, or the last request was refused; 0: as long as all others. */
  readySince: number;
  /** Why the last request was refused; null: it was not. */
  blocked: string | null;
  /** When to look again. */
  checkAt: number;
}

type Described = Pick<Claim, 'uid' | 'namespace' | 'name' | 'createdAt'>;

/**
 * The times of a schedule that a person wrote count from when it is seen, so that nothing starts at a time that nobody
 * chose: at 14:00, where the new schedule says 02:30. A preset has no such time, and the first backup comes soon.
 *
 * @param isNew the claim was there before, and had no schedule, another one, or a suspended one
 */
export function plan(
  purpose: Planned['purpose'],
  schedule: Schedule,
  claim: Described,
  { key, isNew, now }: { key: ScheduleKey; isNew: boolean; now: number }
): Planned {
  const since = isNew && schedule.preset === null ? now : Date.parse(claim.createdAt);
  const fraction = fractionOf(key, 'make-up');
  return {
    purpose,
    schedule,
    fraction,
    since,
    readySince: isNew ? now : 0,
    blocked: null,
    checkAt: 0,
  };
}

/** @returns what to do for a plan now; see `dueOf`. */
export function decide(
  planned: Planned,
  claim: Described,
  history: PastRuns,
  { activeSince, now }: { activeSince: number; now: number }
) {
  const { purpose, fraction, since, readySince } = planned;
  const slots = slotsNow(planned, claim, history);
  const last = slots.last(new Date(now))?.getTime() ?? null;
  const next = slots.next(new Date(now))?.getTime() ?? null;
  const runs = last === null || last <= since ? [] : runsSince(purpose, claim, last, history);
  return dueOf({
    ...{ last, next, since, fraction, now },
    activeSince: Math.max(activeSince, readySince),
    isDone: last !== null && hasRun(runs, last, next, now),
    isUnderWay: runs.some(isUnderWay) || isUnderWay(history.ofClaim(...keyOf(claim)).lastBackup),
  });
}

/** @returns the slots as they are for the claim now. */
const slotsNow = ({ purpose, schedule }: Planned, claim: Described, history: PastRuns): Slots =>
  purpose === 'drill'
    ? slotsOf(schedule)
    : slotsFor(schedule, history.ofClaim(...keyOf(claim)).lastSuccess !== null);

/** Any drill counts, also one that a person asked for. */
function runsSince(
  purpose: Planned['purpose'],
  claim: Described,
  slot: number,
  history: PastRuns
): ReturnType<History['backupsSince']> {
  if (purpose === 'backup') return history.backupsSince(claim, new Date(slot).toISOString());
  const { namespace, name, uid } = claim;
  const { backups } = history.list({ namespace, name, limit: 5 }, undefined, ['drill']);
  return backups
    .filter(run => run.uid === uid)
    .map(({ id, createdAt, status }) => ({ id, createdAt, status, priority: 'scheduled' }));
}

const isUnderWay = (run: { status: string } | null): boolean =>
  run?.status === 'queued' || run?.status === 'running';

const keyOf = ({ uid, namespace, name }: Described) => [uid, namespace, name] as const;

/** @returns the schedule of a purpose that runs start by; null: there is none, or it is suspended. */
export const scheduleOf = (wish: Wish, purpose: Planned['purpose']): Schedule | null =>
  wish.suspended ? null : purpose === 'drill' ? wish.drill : wish.schedule;
