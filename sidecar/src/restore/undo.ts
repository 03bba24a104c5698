import type { StartRestore } from '../../api/index.ts';
import type { Inventory } from '../cluster/inventory/inventory.ts';
import { StageError } from '../errors.ts';
import type { History, RunRecord } from '../history/history.ts';

export interface UndoWorld {
  history: Pick<History, 'get'>;
  inventory: Pick<Inventory, 'claim'>;
}

/**
 * The restore that undoes another: its safety backup, mirrored into the same claim. It takes a safety backup of its own, so that an undo
 * can be undone, and stops workloads where the restore did.
 * @returns the request; whether the archive is still there is a condition of that restore like any other.
 * @throws StageError (reason `NothingToUndo`) that says why it cannot be undone.
 */
export function undoRequest(run: RunRecord, { history, inventory }: UndoWorld): StartRestore {
  const { id, namespace, name, uid, details, status } = run;
  const restore = `restore ${id}`;
  if (details?.kind !== 'restore') {
    throw nothingToUndo(
      `run ${id} is not a restore`,
      'choose a restore: GET /api/v1/restores lists them'
    );
  }
  if (run.endedAt === null) {
    throw nothingToUndo(`${restore} is still ${status}`, 'cancel it, or wait until it has ended');
  }
  if (details.target.mode === 'new') {
    throw nothingToUndo(
      `${restore} created a new claim, and changed nothing else`,
      `delete the claim if it is not needed: kubectl delete pvc ${name} -n ${namespace}`
    );
  }
  if (!details.hasBegunToWrite) {
    throw nothingToUndo(`${restore} has not written anything`, 'nothing to do');
  }
  const backup = details.safetyBackupId === null ? undefined : history.get(details.safetyBackupId);
  if (!backup) {
    throw nothingToUndo(
      `${restore} has no safety backup`,
      'restore one of the backups of the claim from before'
    );
  }
  if (backup.status !== 'success' || !backup.copies.some(({ state }) => state === 'present')) {
    throw nothingToUndo(
      `the archive of safety backup ${backup.id}, which ${restore} has taken, is not there`,
      'restore one of the other backups of the claim from before'
    );
  }
  const claim = inventory.claim(namespace, name);
  if (!claim || claim.uid !== uid || backup.uid !== uid) {
    throw nothingToUndo(
      claim
        ? `claim ${namespace}/${name} is not the one that ${restore} has written into: it was deleted and created again since`
        : `claim ${namespace}/${name}, which ${restore} has written into, no longer exists`,
      `restore backup ${backup.id} into a new claim`
    );
  }
  return {
    backup: backup.id,
    target: { namespace, name, mode: 'mirror' },
    scale: details.scale,
    safetyBackup: true,
  };
}

const nothingToUndo = (message: string, hint: string): StageError =>
  new StageError('queue', 'NothingToUndo', message, hint, 'needs-action');
