import type { Stage } from '../../../api/index.ts';
import type { FailureClass } from '../../errors.ts';
import { StageError, textOf } from '../../errors.ts';
import { codeOf } from '../../files.ts';
import { sizeText } from '../size.ts';

/** The operation in a backup directory during which a system call failed. */
export interface Attempt {
  stage: Stage;
  dir: string;
  /** The archive in question; empty for the directory as a whole. */
  key: string;
  /** Space that is left without the refused archive; `undefined` where that is not known. */
  freeBytes?: number | undefined;
}

/** @returns what a failed system call means for the person whose backup it was. A StageError stays as it is. */
export function localError(error: unknown, { stage, dir, key, freeBytes }: Attempt): StageError {
  if (error instanceof StageError) return error;
  const refuse = (reason: string, message: string, hint: string, of: FailureClass) =>
    new StageError(stage, reason, message, hint, of, { cause: error });
  const subject = key === '' ? '' : `; it was about ${key}`;
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT': {
      const room = freeBytes === undefined ? 'space' : `${sizeText(freeBytes)}`;
      return refuse(
        'DestinationFull',
        `backup directory ${dir} is full: ${key} needs more than the ${room} that is free`,
        'delete archives that are no longer needed, or enlarge the volume or its quota; then start the backup again',
        'needs-action'
      );
    }
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return refuse(
        'DestinationNotWritable',
        `backup directory ${dir} refuses access (${codeOf(error)})${subject}`,
        `mount it read-write and let user ${
          process.getuid?.() ?? 'of the service'
        } write there (fsGroup in Kubernetes)`,
        'needs-action'
      );
    case 'ENOENT':
    case 'ENOTDIR':
      return refuse(
        'DestinationMissing',
        `backup directory ${dir} is not there${subject}`,
        'mount its volume, or name a directory that exists',
        'needs-action'
      );
    case 'EFBIG':
      return refuse(
        'ArchiveTooBig',
        `backup directory ${dir} does not accept a file as big as ${key}`,
        'use a file system without that limit, or raise the limit on file sizes',
        'needs-action'
      );
    default:
      return refuse(
        'DestinationFailed',
        `backup directory ${dir} does not work: ${textOf(error)}${subject}`,
        'check the storage behind it; NKVM tries again',
        PASSING.has(codeOf(error) ?? '') ? 'transient' : 'unknown'
      );
  }
}

/** A server of network storage that is unavailable, and limits of this process or machine that others may free again. */
const PASSING = new Set([
  ...['ESTALE', 'ETIMEDOUT', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETDOWN', 'ENETUNREACH', 'ENOTCONN'],
  ...['ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EREMOTEIO'],
  ...['EAGAIN', 'EBUSY', 'EINTR', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'ENOLCK'],
]);
