import type { Schedule } from './schedule.ts';
import { offsetOf } from './timeZone.ts';
import type { Walls } from './walls.ts';
import { wallsOf } from './walls.ts';

/** The instants at which runs are due. */
export interface Slots {
  /** @returns the first slot after an instant; null: there is none. */
  next(after: Date): Date | null;
  /** @returns the last slot that is not after an instant; null: there is none. */
  last(until: Date): Date | null;
  /** @returns the slots after `from`, up to and with `to`, oldest first, at most `limit`. */
  between(from: Date, to: Date, limit: number): Date[];
}

const HOUR = 3_600_000;
/** Clocks are put forward or back by less. */
const NEAR = 4 * HOUR;
/** An instant differs from what any clock on a wall shows, read as UTC, by less. */
const ANY_OFFSET = 26 * HOUR;

/**
 * Daylight saving neither doubles a slot nor skips one:
 *
 * - A time that clocks jump over is due as long after the jump as it is after the last minute before: 02:30 is at 03:30.
 * - A time that clocks show twice is due at the first. A schedule of every hour has both, unless the second is closer to
 *   the slot before than its slots are apart (Lord Howe, where clocks move by half an hour).
 */
export function slotsOf(schedule: Pick<Schedule, 'cron' | 'timeZone' | 'preset'>): Slots {
  const { timeZone } = schedule;
  const walls = wallsOf(schedule.cron, schedule.preset);
  const wallAt = (instant: number) => instant + offsetOf(timeZone, instant);
  const isFarFromChange = (instant: number) =>
    offsetOf(timeZone, instant - NEAR) === offsetOf(timeZone, instant + NEAR);

  const next = (after: number): number | null => {
    const wall = walls.next(wallAt(after));
    if (wall === null) return null;
    const [instant = 0] = instantsOf(wall, timeZone);
    if (isFarFromChange(after) && isFarFromChange(instant)) return instant;
    const from = walls.last(wallAt(after) - NEAR) ?? wallAt(after) - NEAR;
    return (
      instantsFrom(walls, timeZone, from, wall + 2 * NEAR)
        .filter(each => each > after)
        .sort(ascending)[0] ?? null
    );
  };

  const last = (until: number): number | null => {
    const wall = walls.last(wallAt(until));
    const [instant] = wall === null ? [] : instantsOf(wall, timeZone);
    if (isFarFromChange(until) && (instant === undefined || isFarFromChange(instant)))
      return instant ?? null;
    const from = walls.last((wall ?? wallAt(until)) - 2 * NEAR) ?? wallAt(until) - 2 * NEAR;
    return (
      instantsFrom(walls, timeZone, from, wallAt(until) + NEAR)
        .filter(each => each <= until)
        .sort(ascending)
        .at(-1) ?? null
    );
  };

  return {
    next: after => dateOf(next(after.getTime())),
    last: until => dateOf(last(until.getTime())),
    between(from, to, limit) {
      const found: Date[] = [];
      let at = next(from.getTime());
      while (at !== null && at <= to.getTime() && found.length < limit) {
        found.push(new Date(at));
        at = next(at);
      }
      return found;
    },
  };
}

/**
 * @param hasBackup false: a preset of a week or a month has a slot on each day until the first good backup, at the same minute
 * @returns the slots of a schedule
 */
export function slotsFor(schedule: Schedule, hasBackup: boolean): Slots {
  const { preset, cron } = schedule;
  if (hasBackup || (preset !== 'weekly' && preset !== 'monthly')) return slotsOf(schedule);
  const [minute, hour] = cron.split(' ');
  return slotsOf({ ...schedule, preset: 'daily', cron: `${minute} ${hour} * * *` });
}

/** @returns the instants of the slots that clocks show from `from` to `to`, both included. */
function instantsFrom(walls: Walls, timeZone: string, from: number, to: number): number[] {
  const found = new Set<number>();
  let before: number | undefined;
  const second: { at: number; apart: number }[] = [];
  for (let wall = walls.next(from - 1_000); wall !== null && wall <= to; wall = walls.next(wall)) {
    const [first, again] = instantsOf(wall, timeZone);
    found.add(first);
    if (again !== undefined && before !== undefined)
      second.push({ at: again, apart: wall - before });
    before = wall;
  }
  if (walls.isEveryHour) {
    for (const { at, apart } of second) {
      const previous = [...found].filter(each => each < at).sort(ascending);
      if (at - (previous.at(-1) ?? -Infinity) >= apart) found.add(at);
    }
  }
  return [...found];
}

/** @returns when clocks show `wall`: once or twice; for a time that they jump over, as long after the jump. */
function instantsOf(wall: number, timeZone: string): [number, number?] {
  const before = wall - offsetOf(timeZone, wall - ANY_OFFSET);
  const after = wall - offsetOf(timeZone, wall + ANY_OFFSET);
  const [first, again] = [...new Set([before, after])]
    .filter(each => each + offsetOf(timeZone, each) === wall)
    .sort(ascending);
  return first === undefined ? [before] : [first, again];
}

const ascending = (one: number, other: number): number => one - other;
const dateOf = (instant: number | null): Date | null =>
  instant === null ? null : new Date(instant);
