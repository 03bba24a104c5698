/** How far the wall clock may differ from the monotonic one between two looks. */
const STEP_MS = 5 * 60_000;
/** How long the clock must run evenly after a step. */
const STEADY_MS = 3_600_000;
/** How far in the future the newest run may be: clocks of machines differ a little. */
const FUTURE_MS = 5 * 60_000;

/** Two clocks at one moment, in milliseconds. */
export interface Clocks {
  wall: number;
  /** Runs evenly, and not in the sleep of a machine. */
  monotonic: number;
}

/**
 * Compares the wall clock with the monotonic one. A step is remembered until the clock has run evenly for an hour.
 * @returns a function that says why the clock cannot be trusted; null: it can
 */
export function watchClock(read: () => Clocks): (newestRunAt: string | undefined) => string | null {
  let last = read();
  let step: { ms: number; at: number } | undefined;
  return newestRunAt => {
    const now = read();
    const off = now.wall - last.wall - (now.monotonic - last.monotonic);
    if (Math.abs(off) > STEP_MS) step = { ms: off, at: now.monotonic };
    else if (step && now.monotonic - step.at >= STEADY_MS) step = undefined;
    last = now;
    if (step)
      return `the clock has made a step of ${Math.round(
        step.ms / 60_000
      )} minutes; nothing is deleted before it has run evenly for an hour`;
    if (newestRunAt !== undefined && Date.parse(newestRunAt) > now.wall + FUTURE_MS)
      return `the newest run is from ${newestRunAt}, which is in the future: the clock was wrong then, or is wrong now`;
    return null;
  };
}
