import { StageError, textOf } from '../../errors.ts';

/** @returns the refusal to publish over an archive. */
export const nameTaken = (place: string): StageError =>
  new StageError(
    'publish',
    'NameTaken',
    `archive ${place} exists already and is kept`,
    'start the backup again: each run has a name of its own',
    'needs-action'
  );

/** @returns the refusal to publish what was discarded, or what another program deleted. */
export const temporaryGone = (place: string, options?: ErrorOptions): StageError =>
  new StageError(
    'publish',
    'TemporaryGone',
    `archive ${place} cannot get its name: its temporary file was deleted`,
    'find out which program deletes files there, and exclude names that begin with .tmp-nkvm-; NKVM tries again',
    'transient',
    options
  );

/** @returns the answer to reading an archive that is not there. */
export const archiveMissing = (place: string, options?: ErrorOptions): StageError =>
  new StageError(
    'checksum',
    'ArchiveMissing',
    `archive ${place} is not there`,
    'find out who removed it; restore from another backup of the claim',
    'needs-action',
    options
  );

/** @returns why a stream ended before its end: the caller stopped it, or the sender broke off. */
export function streamBroke(key: string, error: unknown, signal?: AbortSignal): StageError {
  if (signal?.aborted && signal.reason instanceof StageError) return signal.reason;
  if (signal?.aborted) {
    return new StageError(
      'copy',
      'CopyStopped',
      `copy of ${key} was stopped`,
      'start the backup again when it is wanted',
      'needs-action',
      { cause: error }
    );
  }
  if (error instanceof StageError) return error;
  return new StageError(
    'copy',
    'StreamBroke',
    `stream of ${key} was interrupted: ${textOf(error)}`,
    'see why the sender stopped, then start the backup again',
    'transient',
    { cause: error }
  );
}
