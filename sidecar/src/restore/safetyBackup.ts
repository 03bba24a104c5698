import { StageError } from '../errors.ts';
import type { History, RunRecord } from '../history/history.ts';
import type { CarryOut } from '../jobs/inside.ts';
import type { Target } from '../jobs/job.ts';

export interface SafetyBackupWorld {
  history: Pick<History, 'get'>;
  /** Of the queue. */
  carryOut: CarryOut;
}

export interface SafetyBackupOptions {
  signal: AbortSignal;
  /** Is told the id that the backup will have before it begins, to be recorded in the details of the restore. */
  onAdded(id: string): Promise<void>;
}

/**
 * Backs up the target of a restore before it writes, so that the restore can be undone. It is a backup like any other, except
 * that an empty volume is no surprise: that may be why somebody restores.
 *
 * A restore that is tried again before it has written takes another one: its workloads were started again in between, and the
 * backup of the attempt before lacks what they have written. One that has written keeps that backup: the volume may hold a part
 * of the archive.
 * @returns the backup's id; it is proven.
 * @throws StageError (reason `SafetyBackupFailed`): nothing may be written then.
 */
export type TakeSafetyBackup = (
  target: Target,
  restore: RunRecord,
  options: SafetyBackupOptions
) => Promise<string>;

export const safetyBackups =
  ({ history, carryOut }: SafetyBackupWorld): TakeSafetyBackup =>
  async (target, restore, { signal, onAdded }) => {
    // As it is now: the run that the queue hands over may be from before the attempt before.
    const details = history.get(restore.id)?.details ?? restore.details;
    if (details?.kind !== 'restore') throw new Error(`run ${restore.id} is not a restore`);
    if (details.hasBegunToWrite) {
      const before =
        details.safetyBackupId === null ? undefined : history.get(details.safetyBackupId);
      if (before?.status === 'success') return before.id;
      throw tooLate(target, restore);
    }

    const backup = await carryOut(
      target,
      {
        kind: 'backup',
        priority: 'restore',
        requestedBy: restore.requestedBy,
        acceptEmpty: true,
      },
      {
        signal,
        onId: onAdded,
        describe: message =>
          message === 'backed up'
            ? `safety backup before restore ${restore.id}`
            : `safety backup before restore ${restore.id}: ${message}`,
      }
    );
    if (backup.status === 'success') return backup.id;
    signal.throwIfAborted();
    throw failed(target, backup);
  };

const failed = ({ namespace, name }: Target, backup: RunRecord): StageError =>
  new StageError(
    'create',
    'SafetyBackupFailed',
    `claim ${namespace}/${name} could not be backed up before the restore, so nothing was written: ${backup.message}`,
    backup.status === 'cancelled'
      ? 'restore again, without a safety backup if the present data are not needed'
      : `${
          backup.hint ?? `see backup ${backup.id}`
        }; or restore without a safety backup if the present data are not needed`,
    backup.failureClass ?? 'needs-action'
  );

const tooLate = ({ namespace, name }: Target, { id }: RunRecord): StageError =>
  new StageError(
    'create',
    'SafetyBackupFailed',
    `claim ${namespace}/${name} already holds a part of what restore ${id} has written, and the backup from before is not there`,
    'check the contents of the claim, then start a new restore',
    'needs-action'
  );
