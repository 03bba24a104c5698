const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const inUnit = (value: number, unit: string, language?: string, digits = 0) =>
  new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(value);

/** @returns e.g. `12 ms`, and from a second on as `formatDuration`. */
export const formatShortDuration = (ms: number, language?: string): string =>
  ms < SECOND ? inUnit(Math.round(ms), 'millisecond', language) : formatDuration(ms, language);

/** @returns e.g. `0.4 sec`, `12 sec`, `3 min 5 sec`, `2 hr 1 min`. */
export function formatDuration(ms: number, language?: string): string {
  if (ms < 10 * SECOND) return inUnit(ms / SECOND, 'second', language, 1);
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return inUnit(seconds, 'second', language);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return parts(minutes, 'minute', seconds % 60, 'second', language);
  return parts(Math.floor(minutes / 60), 'hour', minutes % 60, 'minute', language);
}

const parts = (big: number, bigUnit: string, small: number, smallUnit: string, language?: string) =>
  [inUnit(big, bigUnit, language), ...(small ? [inUnit(small, smallUnit, language)] : [])].join(
    ' '
  );

/** @returns e.g. `now`, `5 minutes ago`, `yesterday`. A moment in the future, by a wrong clock, is `now`. */
export function formatAgo(ms: number, language?: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  if (ms < 10 * SECOND) return format.format(0, 'second');
  if (ms < MINUTE) return format.format(-Math.floor(ms / SECOND), 'second');
  if (ms < HOUR) return format.format(-Math.floor(ms / MINUTE), 'minute');
  if (ms < DAY) return format.format(-Math.floor(ms / HOUR), 'hour');
  if (ms < 60 * DAY) return format.format(-Math.floor(ms / DAY), 'day');
  if (ms < 730 * DAY) return format.format(-Math.floor(ms / (30 * DAY)), 'month');
  return format.format(-Math.floor(ms / (365 * DAY)), 'year');
}

/** @returns e.g. `now`, `in 5 minutes`, `tomorrow`. A moment that has passed is `now`. */
export function formatIn(ms: number, language?: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  if (ms < 10 * SECOND) return format.format(0, 'second');
  if (ms < MINUTE) return format.format(Math.floor(ms / SECOND), 'second');
  if (ms < HOUR) return format.format(Math.floor(ms / MINUTE), 'minute');
  if (ms < DAY) return format.format(Math.floor(ms / HOUR), 'hour');
  if (ms < 60 * DAY) return format.format(Math.floor(ms / DAY), 'day');
  return format.format(Math.floor(ms / (30 * DAY)), 'month');
}

/** @returns e.g. `Nov 20, 2026, 10:00 AM`; with seconds where `timeStyle` is medium. */
export const formatDate = (
  date: string,
  language?: string,
  timeZone?: string,
  timeStyle: 'short' | 'medium' = 'short'
): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle, timeZone }).format(
    new Date(date)
  );
