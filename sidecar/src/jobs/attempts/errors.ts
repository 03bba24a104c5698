import type { RunKind } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { RunRecord } from '../../history/history.ts';

/** The name of a kind of run, and where to find its runs. */
const CALLED: Record<RunKind, { reason: string; what: string; hint: string }> = {
  backup: {
    reason: 'BackupNotFound',
    what: 'backup',
    hint: 'list the backups with GET /api/v1/backups',
  },
  restore: {
    reason: 'RestoreNotFound',
    what: 'restore',
    hint: 'list the restores with GET /api/v1/restores',
  },
  verify: {
    reason: 'CheckNotFound',
    what: 'check',
    hint: 'list the checks of a backup with GET /api/v1/backups/ID/checks',
  },
  drill: {
    reason: 'CheckNotFound',
    what: 'check',
    hint: 'list the checks of a backup with GET /api/v1/backups/ID/checks',
  },
  copy: {
    reason: 'BackupNotFound',
    what: 'backup',
    hint: 'list the backups with GET /api/v1/backups',
  },
};

/** @returns the problem that there is no such run. */
export function notFound(id: string, kind: RunKind = 'backup'): StageError {
  const { reason, what, hint } = CALLED[kind];
  return new StageError('queue', reason, `there is no ${what} ${id}`, hint, 'needs-action');
}

/** @returns whether an error is that of `notFound`. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof StageError &&
  Object.values(CALLED).some(({ reason }) => reason === error.reason);

/** @returns the problem that a run cannot be cancelled any more. */
export const alreadyEnded = ({ id, status, kind }: RunRecord): StageError =>
  new StageError(
    'queue',
    'AlreadyEnded',
    `${CALLED[kind].what} ${id} has already ended: ${status}`,
    'nothing to do: the run has ended',
    'needs-action'
  );

/** @returns the problem that a run of an earlier process has not been looked at yet. */
export const notRecovered = ({ id, kind }: RunRecord): StageError =>
  new StageError(
    'queue',
    'Starting',
    `${CALLED[kind].what} ${id} was interrupted by a restart, and NKVM has not finished cleaning up after it`,
    'try again in a few seconds; /readyz says what NKVM is waiting for',
    'transient'
  );

/** @returns the problem that a claim has a restore already: two at once would mix their data. */
export const restoreUnderWay = ({ id, namespace, name, status }: RunRecord): StageError =>
  new StageError(
    'queue',
    'RestoreUnderWay',
    `restore ${id} into claim ${namespace}/${name} is ${status}`,
    'wait until it has ended, or cancel it',
    'needs-action'
  );
