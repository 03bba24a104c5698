/** The kind of a call. A destination that accepts no more bytes may still return them. */
export type CallKind = 'write' | 'read';

/** Whether something may be sent to a destination. Times are milliseconds. */
export interface Breaker {
  /**
   * Asks for one use. After a pause, the answer is yes for one use; the next is a matter of how that ends.
   * @returns undefined: go on; else when to ask again
   */
  enter(now: number): number | undefined;
  /** A call failed as if the destination were away. */
  failed(kind: CallKind, now: number): void;
  succeeded(kind: CallKind): void;
  /** @returns until when nothing is sent there; undefined: it is in use. */
  pausedUntil(): number | undefined;
  /** @returns whether it is looked at right now, because a call has just failed. */
  isSuspect(): boolean;
}

/** So many failures in a row are an outage. */
const FAILURES = 3;

const SHORTEST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 600_000;

/** A use that has neither worked nor failed for so long says nothing. */
const TRIAL_MS = 60_000;

/** How soon a use may ask again while the destination is looked at. */
const SUSPECT_MS = 5_000;

/**
 * After the first failure nothing new is sent until a look has shown that the destination answers, so that an outage costs
 * one failed attempt, not one for each volume. After `FAILURES` in a row there is a pause: 30 s, then twice as long each
 * time, 10 minutes at most. Then one use is a trial.
 *
 * | state | use | failure | success |
 * | --- | --- | --- | --- |
 * | well | yes | suspect; paused after three in a row of one kind of calls | well |
 * | suspect | not yet | paused after three in a row | well, once a call of any kind works |
 * | paused | no | | of the kind that failed: well |
 * | trial | yes, one | paused, for twice as long | of the kind that failed: well |
 */
export function breaker(): Breaker {
  const inRow: Record<CallKind, number> = { write: 0, read: 0 };
  let pauses = 0;
  let paused: number | undefined;
  let suspect = false;
  let trialSince: number | undefined;

  const isOut = () => inRow.write >= FAILURES || inRow.read >= FAILURES;
  return {
    enter(now) {
      if (paused === undefined) return suspect ? now + SUSPECT_MS : undefined;
      if (now < paused) return paused;
      if (trialSince !== undefined && now - trialSince < TRIAL_MS) return trialSince + TRIAL_MS;
      trialSince = now;
      return undefined;
    },
    failed(kind, now) {
      inRow[kind] += 1;
      suspect = true;
      if (!isOut()) return;
      // Calls that were under way when the pause began say nothing new.
      if (paused !== undefined && now < paused) return;
      paused = now + Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** pauses);
      pauses += 1;
      trialSince = undefined;
    },
    succeeded(kind) {
      suspect = false;
      inRow[kind] = 0;
      if (kind === 'write') inRow.read = 0;
      if (isOut()) return;
      paused = undefined;
      trialSince = undefined;
      pauses = 0;
    },
    pausedUntil: () => paused,
    isSuspect: () => suspect && paused === undefined,
  };
}
