import { StageError, textOf } from '../../errors.ts';
import { isDiskFull } from '../durability/reserve.ts';

/** @returns why an entry could not be written. Changes are refused then. */
export function auditError(dir: string, error: unknown): StageError {
  if (error instanceof StageError) return error;
  return isDiskFull(error)
    ? new StageError(
        'queue',
        'AuditFull',
        `disk of the audit log ${dir} is full, and NKVM changes nothing that it cannot record`,
        'make room on it, then send the request again',
        'needs-action',
        { cause: error }
      )
    : new StageError(
        'queue',
        'AuditNotWritten',
        `audit log ${dir} cannot be written, and NKVM changes nothing that it cannot record: ${textOf(
          error
        )}`,
        'check the disk that it is on, then send the request again',
        'transient',
        { cause: error }
      );
}
