import type { Stage } from '../../api/index.ts';
import { StageError, textOf } from '../errors.ts';
import { codeOf } from '../files.ts';

/** @returns why the history could not be read or written, for the person whose run it was. */
export function historyError(stage: Stage, path: string, error: unknown): StageError {
  if (error instanceof StageError) return error;
  const refuse = (reason: string, message: string, hint: string) =>
    new StageError(stage, reason, message, hint, 'needs-action', { cause: error });
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return refuse(
        'HistoryFull',
        `disk of the history file ${path} is full`,
        'make room on it, then start the backup again'
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return refuse(
        'HistoryNotWritable',
        `history file ${path} cannot be read and written (${codeOf(error)})`,
        `mount its directory read-write and let user ${
          process.getuid?.() ?? 'of the service'
        } write there (fsGroup in Kubernetes)`
      );
    default:
      return refuse(
        'HistoryFailed',
        `history file ${path} does not work: ${textOf(error)}`,
        'look at the disk that it lies on, then start the backup again'
      );
  }
}
