import type { PlanWorkload } from '../../../api/index.ts';
import { allowRestoresCommand, RESTORE_ANNOTATION } from '../../../api/index.ts';
import { ApiFailure, isMissingRight } from '../../cluster/gateway/apiFailure.ts';
import type { Workload, WorkloadRef } from '../../cluster/inventory/workloads.ts';
import { StageError } from '../../errors.ts';
import type { Intent } from './intent.ts';
import { lookAt, planOf } from './lookAt.ts';
import type { Noted } from './recover.ts';
import type { Scaled, ScaleTarget } from './scaler.ts';
import { isBlocked } from './scaler.ts';
import { wasChanged } from './scaleUp.ts';
import type { Stopping } from './steps.ts';
import { downStep, isStopped, levelOf } from './steps.ts';
import type { Stopped } from './unused.ts';
import { untilUnused, whyNotDown } from './unused.ts';
import { levelText, nameOf } from './words.ts';
import type { ScaleWorld } from './world.ts';

export interface ScaleDownOptions {
  signal: AbortSignal;
  onProgress?(message: string): void;
  /** Is told of each workload before it is changed, with what will be recorded. */
  onStop(noted: Noted): void;
}

/** See `Scaler.scaleDown`; what was stopped when it throws stays so, with its annotation. */
export async function scaleDown(
  claim: ScaleTarget,
  runId: string,
  world: ScaleWorld,
  { signal, onProgress = () => undefined, onStop }: ScaleDownOptions
): Promise<Scaled> {
  const { installation } = world;
  const look = await lookAt(claim, runId, world, signal);
  const blocked = planOf(look).filter(isBlocked);
  if (blocked.length > 0) throw notStoppable(claim, blocked);

  const stopping: Stopping = {
    run: runId,
    installation,
    claim: claim.name,
    claimUid: claim.uid,
  };
  const stopped: Stopped[] = [];
  for (const { workload, loops, plan } of look.stops) {
    const { kind, namespace, name, uid } = workload;
    const ref = { kind, namespace, name };
    if (plan.action === 'none') {
      stopped.push({ ref, uid, loops, plan, was: undefined, mustStay: isStopped(workload) });
      continue;
    }
    onStop({ ref, intent: { ...stopping, was: levelOf(workload) } });
    const was = await stop(ref, workload, stopping, world, signal);
    stopped.push({ ref, uid, loops, plan, was, mustStay: true });
  }
  const changed = stopped.filter(({ was }) => was !== undefined);
  const message = messageOf(changed);
  if (changed.length > 0) onProgress(`${message}; waiting until its pods are gone`);
  await untilUnused(claim, stopped, world, { signal, onProgress });
  return {
    workloads: planOf(look),
    message,
    stillDown: at => whyNotDown(claim, stopped, world, at),
  };
}

/** @returns what was recorded; undefined where it had been stopped before. */
async function stop(
  ref: WorkloadRef,
  seen: Workload,
  stopping: Stopping,
  { workloads, isUnderWay }: ScaleWorld,
  signal: AbortSignal
): Promise<Intent['was'] | undefined> {
  let workload: Workload | undefined = seen;
  for (let tries = 0; workload; tries += 1) {
    const step = downStep(workload, stopping, run => !isUnderWay(run));
    if (step.kind === 'refused') throw inRestore(ref, step.by);
    if (step.kind === 'stopped') return step.was;
    try {
      if (await wasChanged(workloads, workload, step.change, tries, signal)) return step.was;
    } catch (error) {
      throw notChanged(ref, error);
    }
    workload = await workloads.get(ref, signal);
  }
  return undefined; // deleted meanwhile
}

const messageOf = (changed: readonly Stopped[]): string =>
  changed.length === 0
    ? 'nothing had to be stopped'
    : `stopped ${changed
        .map(
          ({ ref, was }) =>
            `${nameOf(ref)}${was && 'replicas' in was ? ` (${levelText(was)})` : ''}`
        )
        .join(', ')}`;

const notStoppable = (
  { namespace, name }: ScaleTarget,
  blocked: readonly PlanWorkload[]
): StageError =>
  new StageError(
    'create',
    'WorkloadNotStoppable',
    `claim ${namespace}/${name} is used by ${blocked
      .map(({ kind, name, obstacle }) => `${kind} ${name}: ${obstacle}`)
      .join('; ')}`,
    'stop what NKVM cannot stop, then restore again',
    'needs-action'
  );

const inRestore = (ref: WorkloadRef, by: Intent | undefined): StageError =>
  new StageError(
    'create',
    'WorkloadInRestore',
    by
      ? `${nameOf(ref)} was stopped by restore ${by.run} for claim ${by.claim}`
      : `${nameOf(
          ref
        )} has an annotation ${RESTORE_ANNOTATION} that this version of NKVM has not written`,
    by ? 'restore again when that one has ended' : 'remove it when no restore is under way',
    by ? 'transient' : 'needs-action'
  );

function notChanged(ref: WorkloadRef, error: unknown): unknown {
  if (!(error instanceof ApiFailure) || error.kind !== 'refused') return error;
  return new StageError(
    'create',
    'WorkloadNotStopped',
    `${nameOf(ref)} could not be stopped: ${error.message}`,
    isMissingRight(error)
      ? `allow restores into the namespace with: ${allowRestoresCommand(ref.namespace)}`
      : 'see which rule denies it, or stop it by hand',
    error.class,
    { cause: error }
  );
}
