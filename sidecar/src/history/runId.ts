import { randomBytes } from 'node:crypto';

/** Crockford's base 32 in lower case: fit for file names and for labels of Kubernetes, its order is ASCII order. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_DIGITS = 10;
const RANDOM_BITS = 80n;
const LENGTH = TIME_DIGITS + Number(RANDOM_BITS) / 5;

export interface Sources {
  /** Milliseconds since 1970. */
  now: () => number;
  random: (bytes: number) => Uint8Array;
}

/**
 * @param after the greatest id that an earlier process gave: all are greater, even when the clock was set back since
 * @returns a function that gives run ids: ULIDs in lower case, 26 characters, the time in milliseconds first. Each is
 *   greater than the one before, even when the clock stands still or steps back.
 */
export function runIds(
  { now, random }: Sources = { now: Date.now, random: randomBytes },
  after?: string
) {
  let last = after === undefined ? 0n : valueOf(after);
  return (): string => {
    const noise = BigInt(`0x${Buffer.from(random(10)).toString('hex')}`);
    const fresh = (BigInt(now()) << RANDOM_BITS) | noise;
    last = fresh > last ? fresh : last + 1n;
    return textOf(last);
  };
}

/** @returns when a run id was given. While the clock was set back, that is the latest time given before. */
export function timeOfRunId(id: string): Date {
  let ms = 0;
  for (const digit of id.slice(0, TIME_DIGITS)) ms = ms * 32 + DIGITS.indexOf(digit);
  return new Date(ms);
}

/** @returns 0 for what is no id of ours: it says nothing of the time. */
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
