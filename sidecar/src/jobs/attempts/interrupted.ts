import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import { textOf } from '../../errors.ts';
import type { RunRecord } from '../../history/history.ts';
import type { JobEnd, JobKinds } from '../job.ts';

/** @returns the end of an attempt that stopped with its process: it can be tried again. */
export const interruptedBy = (run: RunRecord, fault?: unknown): JobEnd => ({
  status: 'failed',
  stage: run.stage ?? 'create',
  reason: 'Interrupted',
  failureClass: 'transient',
  message: `NKVM was stopped during the run${
    fault === undefined ? '' : ` (its archive could not be checked: ${textOf(fault)})`
  }`,
  hint: 'start it again',
});

/**
 * @param run of a process that is gone
 * @returns how its attempt ended, as its kind decides. A kind that cannot decide is not tried again: a restore may have
 *   written.
 * @throws ApiFailure when the API server did not say what the run has left: it may be proven. To be asked again.
 */
export async function endAfterRestart(
  run: RunRecord,
  kinds: JobKinds,
  signal: AbortSignal
): Promise<JobEnd> {
  const kind = kinds[run.kind];
  if (!kind?.afterRestart) return interruptedBy(run);
  try {
    return await kind.afterRestart(run, signal);
  } catch (error) {
    if (error instanceof ApiFailure && error.class !== 'needs-action') throw error;
    return {
      ...interruptedBy(run),
      failureClass: 'needs-action',
      message: `NKVM was stopped during the run, and its leftovers are not known: ${textOf(error)}`,
      hint: 'check the contents of the claim, then start it again',
    };
  }
}
