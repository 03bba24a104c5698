import type { Stage } from '../../../api/index.ts';
import { StageError, textOf } from '../../errors.ts';
import { sizeText } from '../size.ts';

/** Status of an answer (draft-ietf-secsh-filexfer-02, the version that servers speak). */
export const STATUS = { eof: 1, noFile: 2, denied: 3, failure: 4, unsupported: 8 } as const;

/** @returns the status of the server's answer; undefined for any other error. */
export const statusOf = (error: unknown): number | undefined => {
  const code = (error as { code?: unknown } | undefined)?.code;
  return error instanceof StageError || typeof code !== 'number' ? undefined : code;
};

/** The server's facts about the file system. */
export interface FileSystem {
  freeBytes: number;
  freeFiles: number;
  isReadOnly: boolean;
}

export interface Refused {
  stage: Stage;
  /** For people: where, e.g. `sftp://nas:22/backups`. */
  place: string;
  directory: string;
  /** The archive in question; empty for the directory as a whole. */
  key: string;
  isDirectoryThere: boolean;
  /** Undefined where it does not say. */
  files?: FileSystem | undefined;
  /** Bytes of it that were stored before. */
  storedBytes?: number | undefined;
}

/** Less than one request: then a write that fails has found no room. */
const FULL_BYTES = 1024 * 1024;

/**
 * SFTP has one status for a full disk, a quota, a disk that fails and a name that is taken: the rest is told from the state
 * of the file system.
 * @returns what a refusal by the server means for the person whose backup it was. A StageError stays as it is.
 */
export function sftpError(error: unknown, refused: Refused): StageError {
  if (error instanceof StageError) return error;
  const { stage, place, directory, key, isDirectoryThere, files, storedBytes } = refused;
  const of = `destination ${place}`;
  const about = key === '' ? '' : `; it was about ${key}`;
  const refuse = (...[reason, message, hint, kind]: Words) =>
    new StageError(stage, reason, message, hint, kind, { cause: error });
  if (!isDirectoryThere) return directoryMissing(stage, place, directory, { cause: error });
  const status = statusOf(error);
  if (status === STATUS.denied || files?.isReadOnly)
    return readOnly(stage, place, about, { cause: error });
  if (status === STATUS.failure && files && (files.freeBytes < FULL_BYTES || files.freeFiles === 0))
    return full(stage, place, key, files.freeBytes, { cause: error });
  if (status === STATUS.failure && storedBytes !== undefined)
    return writeRefused(stage, place, key, { storedBytes, free: files?.freeBytes, error });
  return refuse(
    'DestinationFailed',
    `${of} does not work: ${textOf(error)}${about}`,
    'see the log of the server; NKVM tries again',
    'unknown'
  );
}

type Words = ConstructorParameters<typeof StageError> extends [unknown, ...infer Rest]
  ? Rest extends [...infer Four extends [string, string, string, StageError['class']], unknown?]
    ? Four
    : never
  : never;

/** @returns a directory that is not there. NKVM does not make it: its disk may not be mounted. */
export const directoryMissing = (
  stage: Stage,
  place: string,
  directory: string,
  options?: ErrorOptions
): StageError =>
  new StageError(
    stage,
    'DirectoryMissing',
    `destination ${place}: there is no directory ${directory} on the server`,
    'create it on the server, or mount its disk; a user in a chroot sees paths from there',
    'needs-action',
    options
  );

export const readOnly = (
  stage: Stage,
  place: string,
  about: string,
  options?: ErrorOptions
): StageError =>
  new StageError(
    stage,
    'DestinationReadOnly',
    `destination ${place} refuses access${about}`,
    'give the user of the Secret the right to write to the directory (chown, chmod), on a file system that is mounted read-write',
    'needs-action',
    options
  );

export const full = (
  stage: Stage,
  place: string,
  key: string,
  freeBytes: number | undefined,
  options?: ErrorOptions
): StageError =>
  new StageError(
    stage,
    'DestinationFull',
    `destination ${place} is full: ${key} needs more than the ${
      freeBytes === undefined ? 'space' : sizeText(freeBytes)
    } that is free`,
    'delete archives that are no longer needed, or enlarge the disk or the quota; then start the backup again',
    'needs-action',
    options
  );

export const writeRefused = (
  stage: Stage,
  place: string,
  key: string,
  { storedBytes, free, error }: { storedBytes: number; free?: number | undefined; error: unknown }
): StageError =>
  new StageError(
    stage,
    'WriteRefused',
    `destination ${place} accepts only ${sizeText(storedBytes)} of ${key}${
      free === undefined ? '' : `, although ${sizeText(free)} are free`
    }, and gives no reason`,
    'check the quota of the user, the limit on the size of files, and the disk; see the log of the server',
    'unknown',
    { cause: error }
  );
