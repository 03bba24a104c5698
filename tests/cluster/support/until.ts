import { setTimeout as pause } from 'node:timers/promises';

/** A limit is for something that never happens, not for something that is slow. */
const BUSY = 4;

/**
 * Looks again and again until `look` returns something truthy; what it throws means "not yet".
 * @param limitMs how long it may take on a quiet machine; one with other work gets four times as long.
 * @returns what `look` returned.
 * @throws Error with the name, the limit and what was seen last, when the time is over.
 */
export async function until<T>(
  name: string,
  look: () => T | Promise<T>,
  limitMs: number,
  everyMs = 100
): Promise<NonNullable<Awaited<T>>> {
  const end = Date.now() + limitMs * BUSY;
  for (;;) {
    let seen: unknown;
    try {
      const found = await look();
      if (found) return found;
      seen = found;
    } catch (error) {
      seen = error instanceof Error ? error.message : error;
    }
    if (Date.now() >= end) {
      const last = typeof seen === 'string' ? seen : JSON.stringify(seen);
      throw new Error(`${name}: not so within ${limitMs * BUSY} ms; seen last: ${last}`);
    }
    await pause(everyMs);
  }
}
