import type { Backup, Stage } from '../../api/index.ts';
import { manifestName } from '../archive/name.ts';
import type { Destination, Staged } from '../destinations/destination.ts';
import { StageError, textOf } from '../errors.ts';
import type { Helper } from '../helper/helper.ts';
import { within } from '../jobs/stageClock.ts';

/** What must be given back when a run breaks off. */
export interface Held {
  /** Settles when the API server has answered. */
  creating?: Promise<Helper>;
  helper?: Helper;
  staged?: Staged;
  /** Key of an archive that has its final name, but no manifest yet. */
  unlisted?: string;
}

/** How long a run that breaks off waits for the helper that it has just asked for. */
const PATIENCE_MS = 1_000;

/**
 * @returns the helper that comes after all; undefined when none comes, or it takes too long and is deleted whenever it
 * comes. (A sweep finds it if this process ends before.)
 */
export async function lateHelper({ creating }: Held): Promise<Helper | undefined> {
  if (!creating) return undefined;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  return await within(patience, creating, late => late.close()).catch(() => undefined);
}

/** Deletes what must not stay. @returns what could not be deleted, for the record. */
export async function undo(held: Held, destination: Destination): Promise<string[]> {
  const left: string[] = [];
  await held.staged
    ?.discard()
    .catch(error => left.push(`a temporary file stays: ${textOf(error)}`));
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
  return left;
}

/** @returns the problem that a claim was deleted while its backup waited. */
export const claimGone = (run: Backup, wasMadeAgain: boolean): StageError =>
  new StageError(
    'create',
    'ClaimNotFound',
    `claim ${run.namespace}/${run.name} was deleted${
      wasMadeAgain ? ' and made again' : ''
    } while its backup waited`,
    wasMadeAgain ? 'back up the new claim' : 'restore an earlier backup if its data are needed',
    'needs-action'
  );

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
const BREAKS = ['StreamBroke', 'SealMissing', 'PackKilled', 'ExecRefused'];

/** @returns the error in words that a person can act on: what became of the pod says more than a broken stream. */
export async function explain(error: unknown, stage: Stage, held: Held): Promise<StageError> {
  const isBreak = !(error instanceof StageError) || BREAKS.includes(error.reason);
  const gone = isBreak ? await held.helper?.whyGone() : undefined;
  if (gone) {
    const at = stage === 'wait' || stage === 'exec' ? stage : 'copy';
    return new StageError(at, gone.reason, gone.message, gone.hint, 'needs-action', {
      cause: error,
    });
  }
  if (error instanceof StageError) return error;
  return new StageError(
    stage,
    'Unexpected',
    `the run broke at stage ${stage}: ${textOf(error)}`,
    'see the log of the sidecar for this run, then back up again',
    'unknown',
    { cause: error }
  );
}
