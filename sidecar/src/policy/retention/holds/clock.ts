import { textOf } from '../../../errors.ts';

/** How far the wall clock may differ from the monotonic one between two looks. */
const STEP_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
/** How long the clock must run evenly after a step. */
const STEADY_MS = HOUR_MS;
/** How far in the future the newest run may be: clocks of machines differ a little. */
const FUTURE_MS = 5 * 60_000;
/** How far the clock of the API server may differ: the doctor calls more than this a failure. */
const SERVER_MS = 5 * 60_000;
/** How old the newest run may be when a process starts. */
const PAUSE_MS = 48 * 3_600_000;

/** Two clocks at one moment, in milliseconds. */
export interface Clocks {
  wall: number;
  /** Runs evenly, and not in the sleep of a machine. */
  monotonic: number;
}

/**
 * Compares the wall clock with the monotonic one. A step is remembered until the clock has run evenly for an hour. A long time without
 * runs at the start counts as a step: after a boot, a clock may be wrong until it is set.
 * @param newestAtStart the time of the newest run, ISO-8601
 * @returns a function that says why the clock cannot be trusted; null: it can
 */
export function watchClock(
  read: () => Clocks,
  newestAtStart?: string
): (newestRunAt: string | undefined) => string | null {
  let last = read();
  const pauseMs = newestAtStart === undefined ? 0 : last.wall - Date.parse(newestAtStart);
  let step: { what: string; at: number } | undefined =
    pauseMs > PAUSE_MS
      ? {
          what: `NKVM has started ${Math.round(pauseMs / HOUR_MS)} hours after the newest run`,
          at: last.monotonic,
        }
      : undefined;
  return newestRunAt => {
    const now = read();
    const off = now.wall - last.wall - (now.monotonic - last.monotonic);
    if (Math.abs(off) > STEP_MS)
      step = {
        what: `the clock has made a step of ${Math.round(off / 60_000)} minutes`,
        at: now.monotonic,
      };
    else if (step && now.monotonic - step.at >= STEADY_MS) step = undefined;
    last = now;
    if (step) return `${step.what}; nothing is deleted before the clock has run evenly for an hour`;
    if (newestRunAt !== undefined && Date.parse(newestRunAt) > now.wall + FUTURE_MS)
      return `the newest run is from ${newestRunAt}, which is in the future: the clock was wrong then, or is wrong now`;
    return null;
  };
}

/**
 * Asks for a second opinion on the time.
 * @param aheadOfServer by how much the clock is ahead of that of the API server, in milliseconds; undefined: it does not say
 * @returns why the clock cannot be trusted; null: nothing speaks against it
 */
export async function doubtOf(
  aheadOfServer: () => Promise<number | undefined>
): Promise<string | null> {
  try {
    const aheadMs = (await aheadOfServer()) ?? 0;
    if (Math.abs(aheadMs) <= SERVER_MS) return null;
    const minutes = Math.round(Math.abs(aheadMs) / 60_000);
    return `the clock is ${minutes} minutes ${
      aheadMs > 0 ? 'ahead of' : 'behind'
    } that of the API server: one of them is wrong`;
  } catch (error) {
    return `the time of the API server is not known: ${textOf(error)}`;
  }
}
