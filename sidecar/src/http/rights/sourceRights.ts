import type { Action, Subject } from '../../cluster/gateway/access.ts';
import { StageError } from '../../errors.ts';
import type { History } from '../../history/history.ts';
import { notFound } from '../../jobs/attempts/errors.ts';
import { rightToUpload } from '../routes/uploadRoutes.ts';
import { heldRights } from './heldRights.ts';
import type { Rights } from './rights.ts';
import type { RunAccess } from './runAccess.ts';
import { everywhere } from './runAccess.ts';

export interface SourceRights {
  history: Pick<History, 'get'>;
  rights: Rights;
  access: RunAccess;
  /** @returns the namespace that an upload was made in; undefined: there is none of this id. */
  uploadNamespace?: ((id: string) => string | undefined) | undefined;
}

/**
 * Makes sure that a caller may read the archive that a request names.
 *
 * | `backup` | needed |
 * | --- | --- |
 * | id of a backup | `get persistentvolumeclaims/archive` on its claim; in all namespaces where that namespace is gone |
 * | `archive:KEY`, which no backup here has | `get persistentvolumeclaims/archive` in all namespaces: its origin is not known |
 * | `upload:ID` | `create persistentvolumeclaims/restore` in the namespace that it was uploaded to, which is that of the target |
 *
 * @param into the namespace of the target
 * @throws Refusal (403), or StageError (BackupNotFound, UploadNotFound) for what the caller may not even see
 */
export async function needSource(
  caller: Subject,
  backup: string,
  into: string,
  { history, rights, access, uploadNamespace }: SourceRights
): Promise<void> {
  const [, kind, id = ''] = /^(archive|upload):(.*)$/s.exec(backup) ?? [];
  if (kind === 'archive') return await rights.need(caller, everywhere('get', 'archive'));
  if (kind === 'upload') {
    // Not on one claim only: ids are in records of restores, which others may see.
    if (uploadNamespace?.(id) === into) return await rights.need(caller, rightToUpload(into));
    throw new StageError(
      'queue',
      'UploadNotFound',
      `there is no upload ${id} in namespace ${into}`,
      'upload the archive to the namespace that it is restored into',
      'needs-action'
    );
  }
  const run = history.get(backup);
  if (run?.kind !== 'backup') throw notFound(backup);
  const right: Action = access.rightOn('get', 'archive', run);
  if (await rights.has(caller, right)) return;
  // Callers who may see the backup are told which right is missing; for others it does not exist.
  if (!(await access.mayRead(run, heldRights(caller, rights)))) throw notFound(backup);
  await rights.need(caller, right);
}
