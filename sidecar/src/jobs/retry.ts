import type { Backup } from '../../api/index.ts';
import type { RunChange } from '../history/history.ts';

/** How often a run is tried, and when. */
export interface RetryPolicy {
  /** Attempts on the whole; 1: none after the first. */
  maxAttempts: number;
  /** Milliseconds between the end of an attempt (1 is the first) and the next. */
  delayMs(attempt: number): number;
}

/** 10 s, 1 min, 6 min, then 10 min: a node that restarts is back by the third. */
export const backoffMs = (attempt: number): number =>
  Math.min(10_000 * 6 ** (attempt - 1), 600_000);

/**
 * Reasons that may be gone the next time: the way to the API server, the node, the pod. What a person has to mend (a
 * right, a claim, an image, a full disk, a file that cannot be read) comes again, and is told at once.
 */
const CAN_PASS: ReadonlySet<string> = new Set([
  'ApiUnreachable',
  'DigestDiffers',
  'HelperEnded',
  'HelperEvicted',
  'HelperGone',
  'Interrupted',
  'PackKilled',
  'SealMissing',
  'StageTimedOut',
  'StreamBroke',
]);

/**
 * Decides what becomes of a run whose attempt has ended.
 * @returns the change that makes it wait for its next attempt; undefined when it has ended for good.
 */
export function nextAttempt(
  run: Pick<Backup, 'attempt'>,
  end: RunChange,
  { maxAttempts, delayMs }: RetryPolicy,
  now: Date
): (RunChange & { retryAt: string }) | undefined {
  if (end.status !== 'failed' || run.attempt >= maxAttempts) return undefined;
  if (!CAN_PASS.has(end.reason ?? '')) return undefined;
  return {
    ...end,
    status: 'queued',
    attempt: run.attempt + 1,
    retryAt: new Date(now.getTime() + delayMs(run.attempt)).toISOString(),
    message: `attempt ${run.attempt} of ${maxAttempts} failed: ${end.message}`,
    endedAt: null,
    bytes: null,
  };
}
