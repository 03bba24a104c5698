import type { Slots } from '../../policy/coverage/slots.ts';

/** A schedule for tests: a slot at `first`, and at each multiple of the interval before and after it. */
export const everyMs = (intervalMs: number, first = 0): Slots => ({
  nextAfter: ms => first + (Math.floor((ms - first) / intervalMs) + 1) * intervalMs,
});
