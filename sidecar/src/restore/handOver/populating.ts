import type { ClaimId } from '../../cluster/writes/claimWrites.ts';
import { StageError } from '../../errors.ts';
import type { RunRecord } from '../../history/history.ts';
import type { RestoreDetails } from '../../history/queries/details.ts';
import { interruptedBy } from '../../jobs/attempts/interrupted.ts';
import type { JobEnd, JobKind } from '../../jobs/job.ts';
import { CANCELLED } from '../../jobs/job.ts';
import { explain } from '../explain.ts';
import { findFilling } from './filling.ts';
import type { HandOverWorld } from './handOver.ts';
import { handOver, lookAtTarget } from './handOver.ts';

type Populates = NonNullable<RestoreDetails['populates']>;

const populatesOf = ({ details }: RunRecord): Populates | undefined =>
  details?.kind === 'restore' ? details.populates : undefined;

const targetOf = ({ namespace, name, uid }: RunRecord): ClaimId => ({ namespace, name, uid });

/** A pod that was just deleted lets go of its claim within seconds. */
const GONE_MS = 60_000;

/**
 * Restores that also fill claims which wait for their first data: after the proof the volume is handed over, and only when the
 * claim is bound it is a success. Other restores are not changed.
 *
 * | an attempt finds | it |
 * | --- | --- |
 * | the claim bound to the volume that it was given | is a success |
 * | the claim gone, or bound by somebody else | fails; a person decides |
 * | a proven filling of the same backup, or one whose volume was given away | hands over |
 * | another filling | deletes it and restores |
 */
export const populating = (kind: JobKind, world: HandOverWorld & { now(): Date }): JobKind => ({
  ...kind,

  async work(run, report, signal) {
    const populates = populatesOf(run);
    if (!populates) return await kind.work(run, report, signal);
    const target = targetOf(run);
    let filled: JobEnd | undefined;
    try {
      if (!(await isFilled(target, populates, world, signal))) {
        filled = await kind.work(run, report, signal);
        if (filled.status !== 'success') return filled;
      }
      report({ stage: 'publish', message: 'the volume is being handed over to the claim' });
      await handOver(target, { restoredFrom: populates.backup }, world, signal);
      return handedOver(world.now(), filled);
    } catch (error) {
      return await failedBy(error, filled, world.now(), signal);
    }
  },

  async afterRestart(run, signal) {
    const before = (await kind.afterRestart?.(run, signal)) ?? interruptedBy(run);
    if (!populatesOf(run) || before.status !== 'success') {
      const isDone =
        populatesOf(run) && (await lookAtTarget(targetOf(run), world, signal)).is === 'done';
      return isDone ? handedOver(world.now()) : before;
    }
    // The filling is proven: the next attempt hands it over.
    return { ...interruptedBy(run), endedAt: world.now().toISOString() };
  },
});

/** @returns whether nothing has to be restored any more. It deletes a filling that is of no use. */
async function isFilled(
  target: ClaimId,
  { backup }: Populates,
  world: HandOverWorld,
  signal: AbortSignal
): Promise<boolean> {
  const look = await lookAtTarget(target, world, signal);
  if (look.is !== 'waiting') return true; // the hand-over says what it is
  return await isReadyFor(target, backup, world, signal);
}

/**
 * @param backup null: it is to be empty
 * @returns whether the claim has a filling with these contents, or was given a volume. A filling with other contents is
 *   deleted. @throws StageError (`FillingInUse`) where that is not possible now; ApiFailure.
 */
export async function isReadyFor(
  target: ClaimId,
  backup: string | null,
  world: HandOverWorld,
  signal: AbortSignal
): Promise<boolean> {
  const filling = await findFilling(target, world.fillings, world, signal);
  if (!filling) return false;
  if (!filling.isOurs) {
    throw new StageError(
      'create',
      'FillingInUse',
      `claim ${filling.namespace}/${filling.name} was made by another installation of NKVM`,
      'let only one installation restore automatically in a cluster; delete that claim if the other one is gone',
      'transient'
    );
  }
  const volume = filling.volumeName
    ? await world.volumes.read(filling.volumeName, signal)
    : undefined;
  // Its volume is on its way to the claim: whatever else is decided now comes too late.
  if (volume?.claimUid === target.uid) return true;
  if (filling.isReady && filling.backup === backup) return true;
  world.fence.assertHeld();
  if (await world.claims.remove(filling, { limitMs: GONE_MS, signal })) return false;
  throw new StageError(
    'create',
    'FillingInUse',
    `claim ${filling.namespace}/${filling.name}, which an earlier restore has left, is still being deleted`,
    `check what uses it with kubectl describe pvc ${filling.name} -n ${filling.namespace}`,
    'transient'
  );
}

const handedOver = (now: Date, filled?: JobEnd): JobEnd => ({
  ...filled,
  status: 'success',
  stage: 'cleanup',
  message: filled?.message ?? 'restored; an earlier attempt had restored and proven the volume',
  endedAt: now.toISOString(),
});

async function failedBy(
  error: unknown,
  filled: JobEnd | undefined,
  now: Date,
  signal: AbortSignal
): Promise<JobEnd> {
  const end = { ...filled, endedAt: now.toISOString() };
  if (signal.aborted && signal.reason === CANCELLED) {
    return { ...end, status: 'cancelled', stage: 'publish', message: 'cancelled at stage publish' };
  }
  const { stage, reason, message, hint, ...why } = await explain(error, 'publish');
  return {
    ...end,
    status: 'failed',
    stage: stage as JobEnd['stage'],
    ...{ reason, message, hint },
    failureClass: why.class,
  };
}
