/** A machine that sleeps, or a process that is stopped, looks later than that. */
const LONGEST_PAUSE_MS = 2 * 60_000;
/** Clocks that are kept right are moved by less. */
const STEP_MS = 30_000;

/** Notices that nothing ran for a while, and that the clock was set. */
export interface ClockWatch {
  /**
   * To be called at each look.
   * @param now what the clock shows, in milliseconds since 1970
   * @param elapsed milliseconds that never go back
   * @returns whether the process has paused, or the clock has made a step, since the last look
   */
  hasPausedOrStepped(now: number, elapsed: number): boolean;
}

export function clockWatch(): ClockWatch {
  let before: { now: number; elapsed: number } | undefined;
  return {
    hasPausedOrStepped(now, elapsed) {
      const passed = before ? { now: now - before.now, elapsed: elapsed - before.elapsed } : null;
      before = { now, elapsed };
      if (!passed) return false;
      return passed.elapsed > LONGEST_PAUSE_MS || Math.abs(passed.now - passed.elapsed) > STEP_MS;
    },
  };
}
