import { setTimeout as sleep } from 'node:timers/promises';
import { holdWhile } from '../queue/holds.ts';

/** Whether the API server answers. */
export interface Availability {
  isAway(): boolean;
  /** Calls `listener` after each change. @returns what ends that. */
  onChange(listener: () => void): () => void;
}

/** For a queue that depends on no API server. */
export const alwaysThere: Availability = { isAway: () => false, onChange: () => () => undefined };

/** Lets a run find out whether the API server was unavailable while it was under way. */
export interface Outages {
  /** @returns what says whether there was an outage since this call. It may wait until that is certain. */
  since(): () => Promise<boolean>;
  /** No more is counted. */
  stop(): void;
}

/** One failed call counts as "away" until the next probe, which takes some milliseconds: that is no outage. */
const OUTAGE_MS = 1_000;

/** @param leastMs shorter times do not count. @param now in milliseconds, never going back. */
export function outagesOf(
  availability: Availability,
  leastMs = OUTAGE_MS,
  now: () => number = () => performance.now()
): Outages {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  let awaySince: number | undefined;
  /** Whether the present absence has lasted long enough. */
  let isOutage = false;
  const countIt = (): void => {
    if (!isOutage) count += 1;
    isOutage = true;
  };
  const follow = (): void => {
    clearTimeout(timer);
    // On a busy machine the answer that ends an outage can come before a timer that is due.
    if (awaySince !== undefined && now() - awaySince >= leastMs) countIt();
    isOutage = false;
    awaySince = undefined;
    if (!availability.isAway()) return;
    awaySince = now();
    timer = setTimeout(countIt, leastMs).unref();
  };
  follow();
  const unfollow = availability.onChange(follow);
  return {
    since() {
      const before = count - (isOutage ? 1 : 0);
      return async () => {
        if (count === before && availability.isAway()) await sleep(leastMs + 1);
        return count > before;
      };
    },
    stop() {
      clearTimeout(timer);
      unfollow();
    },
  };
}

/** Holds a queue for as long as the API server is unavailable. @returns what ends that. */
export function holdWhileAway(
  availability: Availability,
  hold: (why: string) => () => void
): () => void {
  const holdNow = holdWhile(hold);
  const follow = (): void =>
    holdNow(availability.isAway() ? 'the API server does not answer' : undefined);
  follow();
  return availability.onChange(follow);
}
