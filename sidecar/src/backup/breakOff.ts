import type { Stage } from '../../api/index.ts';
import { manifestName } from '../archive/name.ts';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import type { Destination, Staged } from '../destinations/destination.ts';
import { PausedError } from '../destinations/places/health.ts';
import { StageError, textOf } from '../errors.ts';
import type { Helper } from '../helper/helper.ts';

/** Files to delete when a run fails. */
export interface Held {
  /** Ends when `staged` is known, or will never be. Never rejects. */
  taking?: Promise<unknown>;
  staged?: Staged;
  /** The index of the archive, under a temporary name. */
  index?: Staged | undefined;
  /** The snapshot file of the archive, under a temporary name. */
  snapshot?: Staged | undefined;
  /** Key of a snapshot file that has its final name, but whose archive has no manifest yet. */
  unlistedSnapshot?: string | undefined;
  /** Key of an index that has its final name, but whose archive has no manifest yet. */
  unlistedIndex?: string | undefined;
  /** Key of an archive that has its final name, but no manifest yet. */
  unlisted?: string | undefined;
}

/** Deletes what must not stay. @returns what could not be deleted, for the record. */
export async function undo(held: Held, destination: Destination): Promise<string[]> {
  const left: string[] = [];
  await held.taking;
  for (const staged of [held.staged, held.index, held.snapshot]) {
    await staged
      ?.discard()
      .catch(error => left.push(`a temporary file could not be deleted: ${textOf(error)}`));
  }
  if (held.unlisted) {
    const where = destination.locate(held.unlisted);
    try {
      // A write that failed may have worked. The manifest goes first: without it, the archive does not count as a backup.
      await destination.remove(manifestName(held.unlisted));
      await destination.remove(held.unlisted);
    } catch (error) {
      left.push(`${where} has no manifest and could not be deleted: ${textOf(error)}`);
    }
  }
  const beside = { 'an index': held.unlistedIndex, 'a snapshot file': held.unlistedSnapshot };
  for (const [kind, key] of Object.entries(beside)) {
    if (key === undefined) continue;
    await destination
      .remove(key)
      .catch(error =>
        left.push(`${kind} without an archive could not be deleted: ${textOf(error)}`)
      );
  }
  return left;
}

/** @returns the problem that a run took too long. */
export const timedOut = (stage: Stage, runTimeoutMs: number): StageError =>
  new StageError(
    stage,
    'RunTimedOut',
    `the run took longer than ${runTimeoutMs / 1000} s`,
    'give runs more time with NKVM_RUN_TIMEOUT_SECONDS',
    'needs-action'
  );

/** How the end of a helper pod looks from here: a killed command has an exit code, too. */
const BREAKS = ['StreamBroke', 'PushBroke', 'SealMissing', 'PackKilled', 'ExecRefused'];

/**
 * @param stage that the run was at
 * @param helper that the run had, if any
 * @returns the error in words that a person can act on: what became of the pod says more than a broken stream.
 */
export async function explain(error: unknown, stage: Stage, helper?: Helper): Promise<StageError> {
  const isBreak = !(error instanceof StageError) || BREAKS.includes(error.reason);
  const gone = isBreak ? await helper?.whyGone() : undefined;
  if (gone) {
    const at = stage === 'wait' || stage === 'exec' ? stage : 'copy';
    return new StageError(at, gone.reason, gone.message, gone.hint, gone.class, { cause: error });
  }
  if (error instanceof StageError) return error;
  if (error instanceof ApiFailure) return explainApi(error, stage);
  return new StageError(
    stage,
    'Unexpected',
    `the run failed at stage ${stage}: ${textOf(error)}`,
    'see the log of NKVM for this run, then start a new backup',
    'unknown',
    { cause: error }
  );
}

function explainApi(error: ApiFailure, stage: Stage): StageError {
  const { message, class: failureClass } = error;
  if (error.kind === 'refused') {
    return new StageError(
      stage,
      'ApiRefused',
      `the API server refused a call at stage ${stage}: ${message}`,
      'check with kubectl auth can-i that the runner may read claims and pods there',
      failureClass,
      { cause: error }
    );
  }
  return new StageError(
    stage,
    'ApiUnreachable',
    `the API server did not answer at stage ${stage}: ${message}`,
    'nothing to do: NKVM tries again when the API server answers',
    failureClass,
    { cause: error }
  );
}

/** @returns for how many milliseconds the API server, or a destination that is paused, is to be left alone. */
export function retryAfterOf(error: unknown, now: Date): number | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApiFailure && at.retryAfterMs !== undefined) return at.retryAfterMs;
    if (at instanceof PausedError) return Math.max(0, at.retryAt.getTime() - now.getTime());
  }
  return undefined;
}
