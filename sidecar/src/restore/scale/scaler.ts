import type { PlanWorkload } from '../../../api/index.ts';
import type { StageError } from '../../errors.ts';
import type { Ended } from './partHolder.ts';

/** The claim that no pod may use for the time of a restore. */
export interface ScaleTarget {
  namespace: string;
  name: string;
  uid: string;
}

/**
 * Stops the workloads that use a claim, and starts them again. The former state is recorded on the workload itself, in the
 * annotation `nkvm.io/restore`, in the same change: whatever happens to this process or to its history, the count is there.
 */
export interface Scaler {
  /**
   * Looks at the cluster as it is now, past every cache, and changes nothing.
   *
   * | action | obstacle | |
   * | --- | --- | --- |
   * | `scale`, `suspend` | null | it will be stopped, and set back afterwards |
   * | `scale`, `suspend` | a sentence | the same, and the sentence names who may start it again meanwhile: a warning |
   * | `none` | null | it is stopped already, and stays so |
   * | `none` | a sentence | NKVM cannot stop it, and says what to do: the restore cannot start; see `isBlocked` |
   *
   * @returns every workload that has to be stopped so that no pod uses the claim; empty: nothing uses it.
   * @throws ApiFailure when the API server did not say.
   */
  workloadsOf(claim: ScaleTarget, signal?: AbortSignal): Promise<PlanWorkload[]>;

  /**
   * Stops them all, and waits until every pod that uses the claim is gone and nobody starts one again. It may be called again
   * for the same run: what that run has stopped before keeps its recorded count.
   * @param onProgress gets a sentence on what it waits for, again and again.
   * @throws StageError (stage `create`; reasons `WorkloadNotStoppable`, `WorkloadInRestore`, `PodsStay`, `ScaledBack`,
   *   `ClaimInUse`, …). Workloads that were stopped by then are started again, or stay recorded for `recover`.
   */
  scaleDown(
    claim: ScaleTarget,
    runId: string,
    options: { signal: AbortSignal; onProgress?(message: string): void }
  ): Promise<Scaled>;

  /**
   * Sets everything that this run has stopped back to what it was, where nobody has changed it since. To be called however
   * the restore ended; a second call does nothing. Where the claim holds a part of an archive, its workloads stay stopped, and
   * are in `held`. Never throws: what could not be set back is in `left`, is tried again by `recover`, and is in `problems`
   * until then, as is what is held.
   */
  scaleUp(runId: string, ended: Ended): Promise<ScaledUp>;

  /**
   * Does `scaleUp` for the runs of this installation that have ended, or that the history does not know: nothing is known then
   * that keeps their workloads stopped. At the start, when
   * the inventory is ready, and with each sweep. Never throws.
   */
  recover(): Promise<void>;

  /** @returns a sentence for each workload that stays stopped and why. */
  problems(): string[];
}

/** The workloads of a claim, stopped. */
export interface Scaled {
  /** As in the plan, with the counts that they are set back to. */
  workloads: PlanWorkload[];
  /** One sentence on what was stopped. */
  message: string;
  /**
   * Whether they are still stopped and no pod uses the claim. To be called every second until the restore is proven, and it
   * must have answered `undefined` right before the first byte is written.
   * @returns why not: reason `ScaledBack`, which names who did it, or `ClaimInUse`.
   * @throws ApiFailure when the API server did not say.
   */
  stillDown(signal?: AbortSignal): Promise<StageError | undefined>;
}

/** The result for the workloads that a run had stopped. */
export interface ScaledUp {
  /** One sentence on what was started again. */
  message: string;
  /** Sentences on what was not set back, because somebody else has changed it meanwhile. */
  notes: string[];
  /** Sentences on what stays stopped until the claim is whole, with the command that starts it all the same. */
  held: string[];
  /** Sentences on what could not be set back yet, with the command that does it. */
  left: string[];
}

/** @returns whether a workload keeps the restore from starting. */
export const isBlocked = ({ action, obstacle }: PlanWorkload): boolean =>
  action === 'none' && obstacle !== null;
