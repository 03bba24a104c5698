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
 * @returns a function that gives run ids: ULIDs in lower case, 26 characters, the time in milliseconds first. Each is
 *   greater than the one before, even when the clock stands still or steps back.
 */
export function runIds({ now, random }: Sources = { now: Date.now, random: randomBytes }) {
  let last = 0n;
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

function textOf(value: bigint): string {
  let text = '';
  for (let rest = value; text.length < LENGTH; rest >>= 5n) {
    text = DIGITS.charAt(Number(rest & 31n)) + text;
  }
  return text;
}
