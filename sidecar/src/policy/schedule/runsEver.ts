import { Cron } from 'croner';

/** Dates and weekdays repeat after 28 years: a cron that does not run in these never does. */
const YEARS = '2026-2053';
const BEFORE = new Date('2025-12-31T23:59:59Z');
const MOST_KEPT = 1_000;
const kept = new Map<string, boolean>();

/**
 * A search without an end blocks the process for a quarter of a second, and anyone who may edit a claim can ask for it. This one
 * takes a few milliseconds, once for each text.
 *
 * @param cron five fields
 * @returns whether it runs at all: `0 0 30 2 *` does not
 * @throws Error for a wrong pattern
 */
export function runsEver(cron: string): boolean {
  const known = kept.get(cron);
  if (known !== undefined) return known;
  const pattern = new Cron(`0 ${cron} ${YEARS}`, {
    ...{ timezone: 'UTC', paused: true, mode: '7-part' },
  });
  const runs = pattern.nextRun(BEFORE) !== null;
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(cron, runs);
  return runs;
}
