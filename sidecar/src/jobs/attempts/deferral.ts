/** With the delays below, this takes a bit more than 2.5 hours. Later ones count as failed attempts, so that a run ends. */
export const MOST_DEFERRALS = 20;

const FIRST_DELAY_MS = 30_000;
const LONGEST_DELAY_MS = 600_000;

/**
 * @param before how often the run was deferred before
 * @returns milliseconds until it is tried again: 30 s, then twice as long each time, up to 10 minutes; undefined: the attempt
 *   counts
 */
export const deferralMs = (before: number): number | undefined =>
  before < MOST_DEFERRALS ? Math.min(FIRST_DELAY_MS * 2 ** before, LONGEST_DELAY_MS) : undefined;
