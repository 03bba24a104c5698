import type { PastBackup } from '../../history/history.ts';

/** Facts that decide whether a run is due. Times are milliseconds since 1970. */
export interface DueFacts {
  /** The last slot that is not after `now`; null: there is none. */
  last: number | null;
  /** The slot after it; null: there is none. */
  next: number | null;
  /** Slots until then count for nothing: the claim, or its schedule, is not older. */
  since: number;
  /** Since when runs could be started, without a break. */
  activeSince: number;
  /** The slot has its run; see `hasRun`. */
  isDone: boolean;
  /** A run has not ended. */
  isUnderWay: boolean;
  /** A number from 0 to below 1, another one for each claim. */
  fraction: number;
  now: number;
}

/** Start a run for `slot`, or look again at `at`; null: there is nothing to wait for. */
export type Due = { do: 'run'; slot: number } | { do: 'wait'; at: number | null };

const LOOK_AGAIN_MS = 30_000;
const SHORTEST_MS = 5 * 60_000;
const LONGEST_MS = 60 * 60_000;

/**
 * | the last slot | the decision |
 * | --- | --- |
 * | does not count, or has its run | wait for the next slot |
 * | has none, and a run has not ended | look again soon |
 * | has none, and came while runs could be started | run |
 * | was missed | run once, at a time of its own within a window: all that was missed does not start at once |
 * | was missed, and the next slot comes within that window | the run of the next slot makes up for it |
 */
export function dueOf(facts: DueFacts): Due {
  const { last, next, since, activeSince, isDone, isUnderWay, fraction, now } = facts;
  if (last === null || last <= since || isDone) return { do: 'wait', at: next };
  if (isUnderWay) return { do: 'wait', at: now + LOOK_AGAIN_MS };
  if (last > activeSince) return { do: 'run', slot: last };
  const from = Math.max(since, activeSince);
  const windowMs = makeUpWindowMs(last, next);
  if (next !== null && next <= from + windowMs) return { do: 'wait', at: next };
  const at = makeUpTime(from, windowMs, fraction);
  return now >= at ? { do: 'run', slot: last } : { do: 'wait', at };
}

/** @returns a quarter of the time between two slots, from 5 minutes to one hour. */
export const makeUpWindowMs = (last: number, next: number | null): number =>
  next === null ? LONGEST_MS : Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (next - last) / 4));

/**
 * The times are those of the clock, e.g. each 17 minutes past the hour. A process that is restarted every few minutes would
 * never get to a time that is counted from its start.
 */
function makeUpTime(from: number, windowMs: number, fraction: number): number {
  const phase = Math.floor(fraction * windowMs);
  const at = Math.floor(from / windowMs) * windowMs + phase;
  return at > from ? at : at + windowMs;
}

/**
 * @param runs of the claim that were requested at `slot` or later
 * @param next the slot after it
 * @returns whether the slot has its run: a scheduled one, however it ended, or a success that was requested by a person. A
 *   run that is further ahead of the clock than the next slot was dated by a clock that was wrong.
 */
export function hasRun(
  runs: readonly Pick<PastBackup, 'createdAt' | 'status' | 'priority'>[],
  slot: number,
  next: number | null,
  now: number
): boolean {
  const latest = now + Math.max(SHORTEST_MS, next === null ? 0 : next - slot);
  return runs.some(({ createdAt, status, priority }) => {
    const at = Date.parse(createdAt);
    return at >= slot && at <= latest && (status === 'success' || priority === 'scheduled');
  });
}
