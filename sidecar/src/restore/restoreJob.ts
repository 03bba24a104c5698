import type { RestoreComparison } from '../../api/index.ts';
import { restoreMarkOf } from '../cluster/writes/restoreMark.ts';
import { StageError } from '../errors.ts';
import type { RunRecord } from '../history/history.ts';
import type { RestoreDetails } from '../history/queries/details.ts';
import { interruptedBy } from '../jobs/attempts/interrupted.ts';
import type { JobEnd, JobKind } from '../jobs/job.ts';
import type { RestoreWorld } from './attempt.ts';
import { isNewClaim } from './attempt.ts';
import { unmakeClaim } from './claim/makeClaim.ts';
import { targetState } from './claim/targetState.ts';
import { runRestore } from './run.ts';
import { verdictOnRestore } from './verdictOnRestore.ts';

/** Restores, as the queue sees them. */
export const restoreJob = (world: RestoreWorld): JobKind => ({
  access: 'write',
  nodeOf: () => null, // where the volume can be used is for the scheduler to say

  async work(run, report, signal) {
    const { details } = run;
    if (details?.kind !== 'restore') return withoutDetails(world.now());
    return await runRestore({ ...run, details }, world, report, signal);
  },

  async afterRestart(run, signal) {
    const { details } = run;
    if (details?.kind !== 'restore') return withoutDetails(world.now());
    return await endOf({ ...run, details }, world, signal);
  },
});

/**
 * How a restore ended that an earlier process was in the middle of.
 *
 * | what it has left | |
 * | --- | --- |
 * | the claim that it has made, without the mark | success: the mark is removed only after the proof |
 * | a claim with its mark | the claim is deleted, and the restore is tried again |
 * | an existing claim, before the first byte was written | tried again |
 * | an existing claim that was compared, and was what the archive is | success |
 * | an existing claim, in between | failed: a person decides |
 *
 * @throws ApiFailure when the API server did not say what has become of a new claim: it may be proven
 */
async function endOf(
  run: RunRecord & { details: RestoreDetails },
  world: RestoreWorld,
  signal: AbortSignal
): Promise<JobEnd> {
  const { details } = run;
  const { namespace, name } = details.target;
  const interrupted = { ...interruptedBy(run), endedAt: world.now().toISOString() };
  const safetyBackupId = details.safetyBackupId;
  const left = {
    ...{ namespace, name, safetyBackupId },
    mode: details.target.mode,
    isScaled: details.scale,
  };
  if (!isNewClaim(details)) {
    const proven = compared(details);
    if (proven) return provenEnd(proven, details, world.now());
    const state = targetState({ ...left, hasWritten: details.hasBegunToWrite, made: 'none' });
    return {
      ...interrupted,
      message: `${interrupted.message}; ${state.message}`,
      hint: state.hint ?? interrupted.hint,
      failureClass: state.isAsBefore ? 'transient' : 'needs-action',
    };
  }
  const claim = await world.readClaim(namespace, name, signal);
  const mark = restoreMarkOf(claim?.annotations);
  if (claim && claim.uid === details.createdUid && !mark && details.comparison) {
    return provenEnd(details.comparison, details, world.now());
  }
  const isOurs = claim && mark?.runId === run.id && mark.installation === world.installation;
  if (!isOurs) return interrupted;
  // Its helper may still be there: the sweep, or the next attempt, waits for it.
  const unmade = await unmakeClaim({ namespace, name, uid: claim.uid }, run.id, world.claims, 0);
  const state = targetState({ ...left, hasWritten: true, ...unmade });
  return { ...interrupted, message: `${interrupted.message}; ${state.message}` };
}

/** @returns the comparison of a volume after which the last look for pods has found none: see `run.ts`. */
function compared({
  hasBegunToWrite,
  steps,
  comparison,
}: RestoreDetails): RestoreComparison | null {
  const isDone = steps.some(({ step, state }) => step === 'compare' && state === 'done');
  return hasBegunToWrite && isDone ? comparison : null;
}

/** @throws StageError when the comparison was no proof, and nothing of it should be there. */
const provenEnd = (
  comparison: RestoreComparison,
  { target: { mode }, paths }: RestoreDetails,
  now: Date
): JobEnd => ({
  status: 'success',
  stage: 'cleanup',
  message: 'restored; NKVM was restarted before it recorded the success',
  warnings: verdictOnRestore({ mode, isSelection: paths !== null, comparison }),
  endedAt: now.toISOString(),
});

function withoutDetails(now: Date): JobEnd {
  const {
    stage,
    reason,
    message,
    hint,
    class: failureClass,
  } = new StageError(
    'create',
    'DetailsUnreadable',
    'this version of NKVM cannot read the request of this restore',
    'start it again',
    'needs-action'
  );
  const endedAt = now.toISOString();
  return { status: 'failed', stage, reason, message, hint, failureClass, endedAt };
}
