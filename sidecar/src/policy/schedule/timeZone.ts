const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a time zone that does not exist */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  formats.set(timeZone, format);
  return format;
}

/** @returns whether it is the IANA name of a time zone that this version of Node knows; offsets such as `+02:00` are not. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(text)) return false;
  try {
    formatOf(text);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Clocks are put forward or back at times that this divides, in all time zones since 1972. */
const QUARTER_MS = 15 * 60_000;
const MOST_KEPT = 20_000;
/** Offsets by time zone and quarter of an hour: asking Intl takes 10 µs, and a schedule asks ten times. */
const kept = new Map<string, number>();

/** @returns the milliseconds that clocks in `timeZone` are ahead of UTC at an instant. */
export function offsetOf(timeZone: string, instant: number): number {
  if (timeZone === 'UTC') return 0;
  const quarter = Math.floor(instant / QUARTER_MS);
  const key = `${timeZone} ${quarter}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= MOST_KEPT) kept.clear();
  const offset = askOffset(timeZone, quarter * QUARTER_MS);
  kept.set(key, offset);
  return offset;
}

function askOffset(timeZone: string, instant: number): number {
  const text = formatOf(timeZone).format(instant);
  const [, sign, hours, minutes = '0', seconds = '0'] =
    /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(text) ?? [];
  if (hours === undefined) return 0; // `GMT` alone
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -size : size;
}
