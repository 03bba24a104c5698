import type { Backup } from '../../../api/index.ts';
import type { RunChange } from '../../history/history.ts';
import type { JobEnd, RetryPolicy } from '../job.ts';

const MAX_DELAY_MS = 600_000;

/** 10 s, 1 min, 6 min, then 10 min: the third attempt meets a node that took minutes to restart. */
export const backoffMs = (attempt: number): number =>
  Math.min(10_000 * 6 ** (attempt - 1), MAX_DELAY_MS);

/** Conditions that an attempt met besides its own end. */
export interface Circumstances {
  now: Date;
  /** The API server was unavailable for some of the time, or the end of the attempt has an excuse. */
  hadOutage: boolean;
}

/** The change that makes a run wait for its next attempt, and how long that is. */
export interface NextAttempt {
  change: RunChange;
  delayMs: number;
}

/**
 * Decides what becomes of a run whose attempt has ended. The class of the failure decides, which is set where the error
 * is created:
 *
 * | class | the API server was unavailable | attempts left | |
 * | --- | --- | --- | --- |
 * | any, and `isLast` | | | failed: something else sees to what is missing |
 * | needs-action | | | failed: it would fail again until a person changes something |
 * | any, and `waitMs` | | | waits for what is not there; the attempt does not count |
 * | transient, unknown | yes | | tried again; the attempt does not count |
 * | transient, unknown | no | yes | tried again |
 * | transient, unknown | no | no | failed |
 *
 * @returns undefined when the run has ended for good.
 */
export function nextAttempt(
  run: Pick<Backup, 'attempt'>,
  { retryAfterMs = 0, isLast = false, waitMs: pauseMs, excuse, ...end }: JobEnd,
  { maxAttempts, delayMs }: RetryPolicy,
  { now, hadOutage }: Circumstances
): NextAttempt | undefined {
  if (isLast || end.status !== 'failed' || end.failureClass === 'needs-action') return undefined;
  const isPause = pauseMs !== undefined;
  if (!isPause && !hadOutage && run.attempt >= maxAttempts) return undefined;
  const waitMs = pauseMs ?? Math.max(delayMs(run.attempt), Math.min(retryAfterMs, MAX_DELAY_MS));
  return {
    delayMs: waitMs,
    change: {
      ...end,
      status: 'queued',
      attempt: isPause || hadOutage ? run.attempt : run.attempt + 1,
      retryAt: new Date(now.getTime() + waitMs).toISOString(),
      message: isPause
        ? `waits: ${end.message}`
        : hadOutage
        ? `tried again, because ${excuse ?? 'the API server was unavailable'}: ${end.message}`
        : `attempt ${run.attempt} of ${maxAttempts} failed: ${end.message}`,
      endedAt: null,
      bytes: null,
    },
  };
}
