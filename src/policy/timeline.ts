import type { PlannedArchive } from '../../sidecar/api';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Ages that the picture of a plan names, youngest first. */
export const TICKS = [
  { id: 'hour', ms: HOUR_MS },
  { id: 'day', ms: DAY_MS },
  { id: 'week', ms: 7 * DAY_MS },
  { id: 'month', ms: 30 * DAY_MS },
  { id: 'year', ms: 365 * DAY_MS },
] as const;
export type Tick = (typeof TICKS)[number]['id'];

/** Older archives than in any line of a picture are left to the table. */
export const MOST_MARKS = 400;

export interface Timeline {
  /** From the oldest to the newest; `x` is 0 for the oldest place, and 1 for now. */
  marks: { archive: PlannedArchive; x: number }[];
  /** Those younger than the oldest archive. */
  ticks: { id: Tick; x: number }[];
}

/**
 * Where archives are on a line from the oldest to now. Ages are on a logarithmic scale: a day of hourly archives gets as
 * much room as the months behind it.
 *
 * @param archives newest first.
 * @param tickRoom the part of the line that the name of an age takes.
 */
export function timelineOf(archives: PlannedArchive[], nowMs: number, tickRoom = 0.08): Timeline {
  const shown = archives.slice(0, MOST_MARKS);
  const ageOf = ({ createdAt }: PlannedArchive) => Math.max(0, nowMs - Date.parse(createdAt));
  const oldestMs = Math.max(2 * HOUR_MS, ...shown.map(ageOf));
  const scaled = (ms: number) => Math.log1p(ms / HOUR_MS) / Math.log1p(oldestMs / HOUR_MS);
  return {
    marks: shown.map(archive => ({ archive, x: 1 - scaled(ageOf(archive)) })).reverse(),
    ticks: apart(
      TICKS.filter(({ ms }) => ms < oldestMs).map(({ id, ms }) => ({ id, x: 1 - scaled(ms) })),
      tickRoom
    ),
  };
}

/** @returns those with room for their names, from the youngest age on. */
function apart(ticks: Timeline['ticks'], room: number): Timeline['ticks'] {
  let lastX = Infinity;
  return ticks.filter(({ x }) => {
    if (lastX - x < room) return false;
    lastX = x;
    return true;
  });
}
