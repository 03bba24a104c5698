import { randomBytes } from 'node:crypto';

/** Crockford's base 32 in lower case: fit for file names and for labels of Kubernetes, its order is ASCII order. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_DIGITS = 10;
const RANDOM_BITS = 80n;
const LENGTH = TIME_DIGITS + Number(RANDOM_BITS) / 5;

/** The last millisecond of the year 9999: all times have texts of the same length until then. */
const MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export interface Sources {
  /** Milliseconds since 1970. */
  now: () => number;
  random: (bytes: number) => Uint8Array;
}

/** A time that is further ahead than this was given by a wrong clock. */
const AHEAD_MS = 48 * 3_600_000;

/** No NKVM ran before this time: a clock that shows less is wrong itself, and cannot tell which times are. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);

/** @returns the latest time, in milliseconds since 1970, that a run can have been asked for when the clock shows `now`. */
export const latestBelievable = (now: number): number =>
  now < EARLIEST_MS ? MAX_MS : Math.min(MAX_MS, now + AHEAD_MS);

/**
 * @param after the greatest id that an earlier process gave: all are greater, even when the clock was set back since
 * @returns a function that gives run ids: ULIDs in lower case, 26 characters, the time in milliseconds first. Each is
 *   greater than the one before, even when the clock stands still or steps back, up to two days. An id that is further
 *   ahead of the clock is not followed: otherwise one start with the clock in 2100 would date every later run there.
 */
export function runIds(
  { now, random }: Sources = { now: Date.now, random: randomBytes },
  after?: string
) {
  let last = after === undefined ? 0n : valueOf(after);
  return (): string => {
    const noise = BigInt(`0x${Buffer.from(random(10)).toString('hex')}`);
    const fresh = (BigInt(now()) << RANDOM_BITS) | noise;
    const limit = BigInt(latestBelievable(now()) + 1) << RANDOM_BITS;
    last = fresh > last || last >= limit ? fresh : last + 1n;
    return textOf(last);
  };
}

/** @returns an id that is greater than all that were given until `ms`, and not greater than any later one. */
export const firstIdAfter = (ms: number): string => textOf(BigInt(ms + 1) << RANDOM_BITS);

/** @returns when a run id was given. While the clock was set back, that is the latest time given before. */
export function timeOfRunId(id: string): Date {
  let ms = 0;
  for (const digit of id.slice(0, TIME_DIGITS)) ms = ms * 32 + DIGITS.indexOf(digit);
  return new Date(ms);
}

/** @returns 0 for a text that is not an id of NKVM. */
function valueOf(id: string): bigint {
  const digits = [...id].map(digit => DIGITS.indexOf(digit));
  if (digits.length !== LENGTH || digits.includes(-1)) return 0n;
  return digits.reduce((value, digit) => (value << 5n) | BigInt(digit), 0n);
}

function textOf(value: bigint): string {
  let text = '';
  for (let rest = value; text.length < LENGTH; rest >>= 5n) {
    text = DIGITS.charAt(Number(rest & 31n)) + text;
  }
  return text;
}
