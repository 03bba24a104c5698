import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { Workload, WorkloadRef, Workloads } from '../../cluster/inventory/workloads.ts';
import { textOf } from '../../errors.ts';
import type { Intent } from './intent.ts';
import { isCopy, upStep } from './steps.ts';
import { commandFor, levelText, nameOf } from './words.ts';

/** A change that met another one is decided again; each time somebody else has made progress. */
const MOST_CONFLICTS = 10;

/** The result for one workload. */
export type Up =
  | { kind: 'nothing' }
  | { kind: 'set-back'; ref: WorkloadRef; was: Intent['was'] }
  | { kind: 'kept'; ref: WorkloadRef; sentence: string }
  /** `held`: on purpose, see `partHolder.ts`; `left`: it could not be set back yet. */
  | {
      kind: 'held' | 'left';
      ref: WorkloadRef;
      intent: Pick<Intent, 'claim' | 'claimUid'>;
      sentence: string;
    };

/**
 * Sets one workload back for a run; see `upStep`. A second call does nothing.
 * @param partHolder of what the claim holds a part; see `partHolder.ts`
 * @param intent as it was seen last, for what is said when the API server does not answer.
 */
export async function setBack(
  workloads: Pick<Workloads, 'get' | 'change'>,
  ref: WorkloadRef,
  intent: Intent,
  partHolder: (intent: Intent) => string | undefined,
  signal?: AbortSignal
): Promise<Up> {
  const held = (by: string, was: Intent['was']): Up => ({
    ...{ kind: 'held', ref, intent },
    sentence: `${nameOf(ref)} stays stopped, because claim ${
      intent.claim
    } holds a part of what restore ${by} was to write. Undo that restore, or restore everything again: then NKVM sets it back to ${levelText(
      was
    )}. To start it on the present data: ${commandFor(ref, was)}`,
  });
  try {
    for (let tries = 0; ; tries += 1) {
      const workload = await workloads.get(ref, signal);
      const step = workload ? upStep(workload, intent, partHolder) : ({ kind: 'nothing' } as const);
      if (!workload || step.kind === 'nothing') return { kind: 'nothing' };
      if (step.kind === 'held') return held(step.by, step.was);
      if (await wasChanged(workloads, workload, step.change, tries, signal)) {
        if (isCopy(workload)) return { kind: 'nothing' };
        return step.kept === undefined
          ? { kind: 'set-back', ref, was: step.was }
          : {
              kind: 'kept',
              ref,
              sentence: `${nameOf(ref)} was set to ${levelText(
                step.kept
              )} by another client meanwhile, and is left so (it had ${levelText(step.was)})`,
            };
      }
    }
  } catch (error) {
    if (error instanceof ApiFailure && error.kind === 'notFound') return { kind: 'nothing' };
    const by = partHolder(intent);
    if (by !== undefined) return held(by, intent.was);
    const sentence = `${nameOf(ref)} is still stopped: it could not be set back to ${levelText(
      intent.was
    )} (${textOf(error)}); NKVM tries again, or set it back with: ${commandFor(ref, intent.was)}`;
    return { kind: 'left', ref, intent, sentence };
  }
}

/** @returns false when the workload has changed since it was seen. @throws ApiFailure for anything else. */
export async function wasChanged(
  workloads: Pick<Workloads, 'change'>,
  workload: Workload,
  change: Parameters<Workloads['change']>[1],
  tries: number,
  signal?: AbortSignal
): Promise<boolean> {
  try {
    await workloads.change(workload, change, signal);
    return true;
  } catch (error) {
    const isConflict = error instanceof ApiFailure && error.kind === 'conflict';
    if (!isConflict || tries >= MOST_CONFLICTS) throw error;
    return false;
  }
}
