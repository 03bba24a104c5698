import type { RestoreComparison } from '../../api/index.ts';
import { StageError } from '../errors.ts';
import { UnpackFailure } from '../helper/unpack/unpackFailure.ts';
import { longestWaitMs } from '../helper/wait/waitLimits.ts';
import type { RunChange, RunRecord } from '../history/history.ts';
import type { RestoreDetails } from '../history/queries/details.ts';
import type { JobEnd } from '../jobs/job.ts';
import { CANCELLED } from '../jobs/job.ts';
import { stageClock } from '../jobs/stageClock.ts';
import type { RestoreAttempt, RestoreWorld } from './attempt.ts';
import { isNewClaim, makesOwnClaim } from './attempt.ts';
import { leftVolume } from './claim/leftVolume.ts';
import { findMade, markProven, unmakeClaim } from './claim/makeClaim.ts';
import type { TargetState } from './claim/targetState.ts';
import { targetState } from './claim/targetState.ts';
import { usersOf, watchUsers } from './claim/users.ts';
import { explain } from './explain.ts';
import {
  backUpFirst,
  readSource,
  stopWorkloads,
  targetOf,
  writeAndCompare,
} from './restoreSteps.ts';
import { stepNames, stepsOf } from './steps.ts';
import { verdictOnRestore } from './verdictOnRestore.ts';

/** A claim without its helper is gone within a moment; a pod that uses it may keep it for ever. */
const UNMAKE_MS = 30_000;

/**
 * One attempt of a restore, from an archive to a proven volume:
 *
 * 1. the whole archive is read, and its digest compared (`check-archive`),
 * 2. on request, the workloads that use the claim are stopped, and the claim is backed up,
 * 3. a new claim is made, with a mark that keeps everybody from taking it for complete,
 * 4. a helper pod unpacks the archive, and compares the volume with it; pods that appear meanwhile end it,
 * 5. the mark is removed, and only then it is a success; workloads are started again, however it ended, unless the claim holds
 *    a part of the archive.
 *
 * @param report takes what changes on the way.
 * @param signal ends the attempt; with the reason `CANCELLED` it ends as cancelled.
 * @returns the end of the attempt. Never throws.
 */
export async function runRestore(
  run: RunRecord & { details: RestoreDetails },
  world: RestoreWorld,
  report: (change: RunChange) => void,
  signal: AbortSignal
): Promise<JobEnd> {
  const clock = stageClock({
    now: world.now,
    limits: limitsOf(world),
    onChange: (stage, stages) => report({ stage, stages }),
  });
  const inUse = new AbortController();
  const limit = AbortSignal.timeout(world.runTimeoutMs);
  const ends = AbortSignal.any([signal, limit, clock.signal, inUse.signal]);
  const attempt = attemptOf(run, world, { clock, signal: ends, report });
  let end: JobEnd;
  try {
    end = await restored(attempt, why => inUse.abort(why));
  } catch (error) {
    const stage = clock.current() ?? 'create';
    clock.enter('cleanup');
    const state = await takeBack(attempt, error);
    const because = inUse.signal.aborted
      ? inUse.signal.reason
      : clock.signal.aborted
      ? clock.signal.reason
      : error;
    const isCancelled = signal.aborted && signal.reason === CANCELLED;
    const why = limit.aborted
      ? timedOut(stage, world.runTimeoutMs)
      : isCancelled
      ? undefined
      : await explain(because, stage);
    attempt.steps.failed(why?.message ?? 'cancelled');
    end = why ? failedBy(why, state) : cancelledAt(stage, state);
  }
  if (clock.current() !== 'cleanup') clock.enter('cleanup');
  const left = (await Promise.all(attempt.closing)).filter(text => text !== undefined);
  await startWorkloads(attempt, end.status === 'success');
  clock.stop();
  return {
    ...end,
    stage: end.status === 'success' ? 'cleanup' : end.stage,
    warnings: [...attempt.warnings, ...left],
    ...(attempt.helper && { helper: attempt.helper }),
    ...(makesOwnClaim(run.details) && { uid: attempt.details.createdUid ?? '' }),
    details: { ...attempt.details, steps: attempt.steps.list() },
    stages: clock.times(),
    endedAt: world.now().toISOString(),
  };
}

/** The steps of an attempt. @throws whatever ends it. */
async function restored(
  attempt: RestoreAttempt,
  onUse: (why: StageError) => void
): Promise<JobEnd> {
  const { world, clock, steps, signal, details } = attempt;
  clock.enter('create');
  const ready = await readSource(attempt);
  const scaled = details.scale ? await stopWorkloads(attempt) : undefined;
  const users = usersOf(details.target, world, scaled);
  await users.check(signal);
  // From here on: what a pod writes during the safety backup is not in it, and would be lost.
  const unwatch = watchUsers(users, { signal, onUse });
  let comparison: RestoreComparison;
  let bytes: number;
  try {
    const hasNone = !isNewClaim(details) && details.safetyBackup && !(await backUpFirst(attempt));
    const claim = await targetOf(attempt, ready);
    const unpacked = await writeAndCompare(attempt, claim, ready, users, hasNone);
    ({ comparison } = unpacked);
    bytes = unpacked.sent.bytes;
    attempt.show({ comparison }, { tarMessages: unpacked.messages });
    const { mode } = details.target;
    attempt.warnings.push(
      ...verdictOnRestore({ mode, isSelection: details.paths !== null, comparison }),
      ...(ready.checked.isCompared
        ? []
        : ['the expected contents of the archive are not known: the volume matches the archive'])
    );
    await users.check(signal);
  } finally {
    unwatch();
  }
  clock.enter('publish');
  steps.done(`${comparison.entries} entries match the archive`);
  // First the proof, then the mark: a claim without the mark is proven, whatever happens to this process.
  await attempt.record({ comparison });
  if (attempt.made) await markProven(attempt.made, world.claims, signal);
  const more = attempt.warnings.length;
  return {
    status: 'success',
    bytes,
    message: more ? `restored with ${more} warning${more > 1 ? 's' : ''}` : 'restored',
  };
}

function attemptOf(
  run: RunRecord & { details: RestoreDetails },
  world: RestoreWorld,
  {
    clock,
    signal,
    report,
  }: Pick<RestoreAttempt, 'clock' | 'signal'> & { report(change: RunChange): void }
): RestoreAttempt {
  const { details: asked } = run;
  const isNew = isNewClaim(asked);
  const attempt: RestoreAttempt = {
    ...{ run, world, clock, signal, closing: [], warnings: [] },
    steps: stepsOf(stepNames({ ...asked, isNew }), steps => attempt.show({ steps })),
    // Nothing of the attempt before stays, but its safety backup.
    details: { ...asked, createdUid: null, hasBegunToWrite: false, comparison: null },
    show(change, more = {}) {
      attempt.details = { ...attempt.details, ...change };
      report({ ...more, details: attempt.details });
    },
    async record(change, more = {}) {
      attempt.details = { ...attempt.details, ...change };
      await world.history.commit(run.id, { ...more, details: attempt.details });
    },
  };
  return attempt;
}

/** Deletes what must not stay. @returns what the record says of the target. */
async function takeBack(attempt: RestoreAttempt, error: unknown): Promise<TargetState> {
  const { run, world, details } = attempt;
  const { namespace, name } = details.target;
  await Promise.all(attempt.closing); // while its helper is there, a claim stays
  const refusedInTime = error instanceof UnpackFailure && !error.hasWritten;
  const left = {
    ...{ namespace, name, mode: details.target.mode, safetyBackupId: details.safetyBackupId },
    hasWritten: attempt.details.hasBegunToWrite && !refusedInTime,
    isScaled: details.scale,
  };
  if (!isNewClaim(details)) {
    attempt.show({ hasBegunToWrite: left.hasWritten });
    return targetState({ ...left, made: 'none' });
  }
  const made =
    attempt.made ?? (await findMade(details.target, run.id, world).catch(() => undefined));
  if (!made) return targetState({ ...left, made: 'none' });
  const volume = await leftVolume(made, world);
  const unmade = await unmakeClaim(made, run.id, world.claims, UNMAKE_MS);
  if (volume !== undefined && unmade.made !== 'left') attempt.warnings.push(volume);
  attempt.steps.undone('create-claim', unmade.made === 'deleted' ? 'deleted again' : unmade.made);
  attempt.show({ createdUid: unmade.made === 'deleted' ? null : made.uid });
  return targetState({ ...left, ...unmade });
}

/** Sets the workloads back, unless the claim holds a part of the archive. */
async function startWorkloads(attempt: RestoreAttempt, isProven: boolean): Promise<void> {
  const { world, run, details, steps } = attempt;
  if (!details.scale) return;
  steps.begin('scale-up');
  const { message, notes, held, left } = await world.scaler.scaleUp(run.id, {
    hasWritten: attempt.details.hasBegunToWrite,
    isWhole: details.paths === null,
    isProven,
  });
  attempt.warnings.push(...notes, ...held, ...left);
  const stopped = [...held, ...left];
  if (stopped.length > 0) steps.failed(stopped.join('; '));
  else steps.done(message);
}

const limitsOf = ({ waitLimits }: RestoreWorld) => ({
  create: 900_000, // without a byte of the archive, and without a sign of what is waited for
  wait: longestWaitMs(waitLimits) + 30_000,
  exec: 300_000,
  copy: 900_000,
  checksum: 900_000,
  publish: 120_000,
});

const timedOut = (stage: StageError['stage'], runTimeoutMs: number): StageError =>
  new StageError(
    stage,
    'RunTimedOut',
    `the restore took longer than ${runTimeoutMs / 1000} s`,
    'give runs more time with NKVM_RUN_TIMEOUT_SECONDS',
    'needs-action'
  );

/** A target that is not as before is not written to again without a person. */
function failedBy(
  { stage, reason, message, hint, class: failureClass }: StageError,
  state: TargetState
): JobEnd {
  return {
    status: 'failed',
    ...{ stage, reason },
    message: sentences(message, state.message),
    hint: state.hint ?? hint,
    failureClass: state.isAsBefore ? failureClass : 'needs-action',
  };
}

const cancelledAt = (stage: StageError['stage'], state: TargetState): JobEnd => ({
  status: 'cancelled',
  stage,
  message: sentences(`cancelled at stage ${stage}`, state.message),
  hint: state.hint ?? null,
});

const sentences = (...all: string[]): string => all.filter(text => text !== '').join('; ');
