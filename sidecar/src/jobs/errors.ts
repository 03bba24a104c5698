import type { Backup } from '../../api/index.ts';
import { StageError } from '../errors.ts';

/** @returns the problem that there is no such run. */
export const notFound = (id: string): StageError =>
  new StageError(
    'queue',
    'BackupNotFound',
    `there is no backup ${id}`,
    'list the backups with GET /api/v1/backups',
    'needs-action'
  );

/** @returns the problem that a run cannot be cancelled any more. */
export const alreadyEnded = ({ id, status }: Backup): StageError =>
  new StageError(
    'queue',
    'AlreadyEnded',
    `backup ${id} has already ended: ${status}`,
    'nothing to cancel',
    'needs-action'
  );

/** @returns the problem that a run of an earlier process has not been looked at yet. */
export const notRecovered = ({ id }: Backup): StageError =>
  new StageError(
    'queue',
    'Starting',
    `backup ${id} was interrupted by a restart, and NKVM has not finished cleaning up after it`,
    'try again in a few seconds; /readyz says what NKVM is waiting for',
    'transient'
  );
