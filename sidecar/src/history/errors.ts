import type { FailureClass, Stage } from '../../api/index.ts';
import { StageError, textOf } from '../errors.ts';
import { codeOf } from '../files.ts';

/** @returns why the history could not be read or written, for the person whose run it is about. */
export function historyError(stage: Stage, path: string, error: unknown): StageError {
  if (error instanceof StageError) return error;
  const refuse = (
    reason: string,
    message: string,
    hint: string,
    failureClass: FailureClass = 'needs-action'
  ) => new StageError(stage, reason, message, hint, failureClass, { cause: error });
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return refuse(
        'HistoryFull',
        `disk of the history file ${path} is full`,
        'make room on it, then start a new backup'
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
        'check the disk that it is on, then start a new backup',
        'unknown'
      );
  }
}
