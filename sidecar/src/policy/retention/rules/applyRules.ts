import type { KeepPeriod, KeepRules, KeepSpan } from './keepRules.ts';
import { KEEP_PERIODS, keepsAll, spanText } from './keepRules.ts';

/** An archive as far as the rules look at it. */
export interface DatedArchive {
  /** Of the run; orders archives of the same time. */
  id: string;
  /** When its backup was asked for. */
  at: Date;
}

/**
 * Decides which archives the rules keep. It does what `restic forget` does, see
 * https://restic.readthedocs.io/en/v0.18.1/060_forget.html and `ApplyPolicy` in restic's internal/data:
 *
 * - of a period (an hour, a day, a week from Monday on, a month, a year) the newest archive stays, as long as the rule has
 *   periods left; periods without an archive do not count
 * - the oldest archive stays, too, while a rule has periods left
 * - `within` counts from the newest archive, not from now: a pause deletes nothing
 *
 * Periods are those of UTC; restic takes the time zone of each snapshot.
 * @param archives in any order
 * @returns the reasons by the ids of those that stay; archives that are not in it go. Without rules all stay.
 */
export function applyRules(
  archives: readonly DatedArchive[],
  rules: KeepRules
): Map<string, string[]> {
  const sorted = [...archives].sort(newestFirst);
  const kept = new Map<string, string[]>();
  const newest = sorted[0];
  if (!newest) return kept;
  if (keepsAll(rules)) return new Map(sorted.map(({ id }) => [id, ['everything is kept']]));
  const from = rules.within && before(newest.at, rules.within);
  const counts = periodCounts(rules);
  sorted.forEach(({ id, at }, place) => {
    const reasons: string[] = [];
    if (rules.last !== undefined && place < rules.last)
      reasons.push(`last ${place + 1} of ${rules.last}`);
    const isOldest = place === sorted.length - 1;
    for (const count of counts) {
      if (count.left === 0) continue;
      const period = PERIOD_OF[count.name](at);
      if (period === count.seen && !isOldest) continue;
      reasons.push(
        period === count.seen ? `oldest, ${count.name} not full` : `${count.name} ${period}`
      );
      count.seen = period;
      count.left -= 1;
    }
    if (rules.within && from && at.getTime() > from.getTime())
      reasons.push(`within ${spanText(rules.within)}`);
    // A rule `last` with places left keeps the oldest anyway: it is one of the last.
    if (reasons.length > 0) kept.set(id, reasons);
  });
  return kept;
}

/** Newest first; the order of two archives does not depend on the order in which they were found. */
export const newestFirst = (one: DatedArchive, other: DatedArchive): number =>
  other.at.getTime() - one.at.getTime() || (one.id < other.id ? 1 : one.id > other.id ? -1 : 0);

const periodCounts = (rules: KeepRules): { name: KeepPeriod; left: number; seen: string }[] =>
  KEEP_PERIODS.flatMap(name => {
    const left = rules[name];
    return left === undefined ? [] : [{ name, left, seen: '' }];
  });

const PERIOD_OF: Record<KeepPeriod, (at: Date) => string> = {
  hourly: at => `${at.toISOString().slice(0, 13)}:00Z`,
  daily: at => at.toISOString().slice(0, 10),
  weekly: isoWeek,
  monthly: at => at.toISOString().slice(0, 7),
  yearly: at => at.toISOString().slice(0, 4),
};

/** @returns the week of ISO 8601, e.g. `2026-W53`: it belongs to the year of its Thursday. */
function isoWeek(at: Date): string {
  const thursday = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** As Go's `AddDate`, which restic uses: a day that a month does not have is one of the next month. */
function before(at: Date, { years, months, days, hours }: KeepSpan): Date {
  const date = new Date(at);
  date.setUTCFullYear(
    at.getUTCFullYear() - years,
    at.getUTCMonth() - months,
    at.getUTCDate() - days
  );
  return new Date(date.getTime() - hours * 3_600_000);
}
