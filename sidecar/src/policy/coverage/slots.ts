/** The times at which a schedule runs, in milliseconds since 1970. */
export interface Slots {
  /** @returns the first time after `ms`; null when there is none. */
  nextAfter(ms: number): number | null;
}

/** A short interval leaves a backup no time to wait for its turn. */
const SHORTEST_MS = 15 * 60_000;

/** A run takes at most as long by default (`NKVM_RUN_TIMEOUT`). */
const LONGEST_MS = 6 * 3_600_000;

/**
 * The time until a slot is overdue: as long as the interval to the next slot, at least 15 minutes, at most 6 hours. A
 * backup that begins late, waits for its turn, or is tried again has that time.
 * @param next the slot after it; null: there is none
 */
export const graceMs = (slot: number, next: number | null): number =>
  next === null ? LONGEST_MS : Math.min(LONGEST_MS, Math.max(SHORTEST_MS, next - slot));

/** A slot whose time is over without a good backup. */
export interface Overdue {
  slot: number;
  /** When its grace ended. */
  since: number;
}

/**
 * @param covered the time that the newest good backup was requested, or from which the schedule counts: slots until then
 *   need no backup
 * @returns the first slot without a good backup, when its grace has ended; null when nothing is overdue
 */
export function overdueOf(slots: Slots, covered: number, now: number): Overdue | null {
  const slot = slots.nextAfter(covered);
  if (slot === null || slot >= now) return null;
  const since = slot + graceMs(slot, slots.nextAfter(slot));
  return since <= now ? { slot, since } : null;
}

/** Looks at a claim ask for the slots before and after the present, over and over. */
const KEPT = 4;

/** @returns the same slots. The last answers are kept: one counts for every time from the question to the answer. */
export function remembered({ nextAfter }: Slots): Slots {
  const known: { from: number; next: number | null }[] = [];
  return {
    nextAfter(ms) {
      const found = known.find(({ from, next }) => from <= ms && (next === null || ms < next));
      if (found) return found.next;
      const next = nextAfter(ms);
      if (known.push({ from: ms, next }) > KEPT) known.shift();
      return next;
    },
  };
}
