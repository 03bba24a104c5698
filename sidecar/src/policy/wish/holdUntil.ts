/** Later times have longer texts, which a comparison of texts takes for earlier ones; `9999-12-31` is a usual way to write `for ever`. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * @param text a time with its offset from UTC (RFC 3339), or a date: the hold then ends with that day, in UTC
 * @returns ISO-8601 in UTC, at most the last millisecond of the year 9999; null: it is neither
 */
export function parseHoldUntil(text: string): string | null {
  const value = text.trim();
  const isDate = DATE.test(value);
  if (!isDate && !TIME.test(value)) return null;
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return null;
  // `Date` takes 30 February for 2 March.
  const date = value.slice(0, 10);
  if (new Date(date).toISOString().slice(0, 10) !== date) return null;
  const ends = at.getTime() + (isDate ? 24 * 3_600_000 : 0);
  return new Date(Math.min(LAST, ends)).toISOString();
}
