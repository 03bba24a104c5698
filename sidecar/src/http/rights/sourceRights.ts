import type { Action, Subject } from '../../cluster/gateway/access.ts';
import { StageError } from '../../errors.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { notFound } from '../../jobs/attempts/errors.ts';
import { rightToUpload } from '../routes/uploadRoutes.ts';
import type { ForeignRights } from './foreignRights.ts';
import { foreignRights } from './foreignRights.ts';
import { heldRights } from './heldRights.ts';
import type { Rights } from './rights.ts';
import type { RunAccess } from './runAccess.ts';

/** A backup of another cluster than the target. */
export interface SourceElsewhere {
  run: RunRecord;
  rights: Rights;
  access: RunAccess;
}

export interface SourceRights {
  history: Pick<History, 'get'>;
  rights: Rights;
  access: RunAccess;
  /** @returns the backup of another cluster, and the rights there; undefined: there is none of this id. */
  elsewhere?: ((id: string) => SourceElsewhere | undefined) | undefined;
  /** Rights on archives that no backup here has; absent: as in this cluster. */
  foreign?: ForeignRights | undefined;
  /** @returns the namespace that an upload was made in; undefined: there is none of this id. */
  uploadNamespace?: ((id: string) => string | undefined) | undefined;
  /** Name of the target's cluster; undefined: NKVM's own. */
  cluster?: string | undefined;
}

/**
 * Makes sure that a caller may read the archive that a request names.
 *
 * | `backup` | needed |
 * | --- | --- |
 * | id of a backup | `get persistentvolumeclaims/archive` on its claim; in all namespaces where that namespace is gone |
 * | `archive:KEY`, which no backup here has | `get persistentvolumeclaims/archive` in all namespaces of NKVM's own cluster: its origin is not known; see `foreignRights` |
 * | `upload:ID` | `create persistentvolumeclaims/restore` in the namespace that it was uploaded to, which is that of the target |
 *
 * @param into the namespace of the target
 * @throws Refusal (403), or StageError (BackupNotFound, UploadNotFound) for what the caller may not even see
 */
export async function needSource(
  caller: Subject,
  backup: string,
  into: string,
  { history, rights, access, elsewhere, foreign, uploadNamespace, cluster }: SourceRights
): Promise<void> {
  const [, kind, id = ''] = /^(archive|upload):(.*)$/s.exec(backup) ?? [];
  if (kind === 'archive') return await (foreign ?? foreignRights({ own: rights })).need(caller, id);
  if (kind === 'upload' && cluster !== undefined) {
    throw new StageError(
      'queue',
      'UploadNotFound',
      `uploaded files are restored into the cluster of NKVM only, and not into cluster ${cluster}`,
      'restore it into a claim of the cluster of NKVM, or restore a backup',
      'needs-action'
    );
  }
  if (kind === 'upload') {
    // Not on one claim only: ids are in records of restores, which others may see.
    if (uploadNamespace?.(id) === into) return await rights.need(caller, rightToUpload(into));
    throw new StageError(
      'queue',
      'UploadNotFound',
      `the uploaded file is not there (any more), or is not for namespace ${into}`,
      'upload the archive again, for the namespace that it is restored into: uploads are deleted after 24 hours',
      'needs-action'
    );
  }
  const here = history.get(backup);
  const from = here ? { run: here, rights, access } : elsewhere?.(backup);
  if (from?.run.kind !== 'backup') throw notFound(backup);
  const right: Action = from.access.rightOn('get', 'archive', from.run);
  if (await from.rights.has(caller, right)) return;
  // Callers who may see the backup are told which right is missing; for others it does not exist.
  const held = heldRights(caller, from.rights);
  if (!(await from.access.mayRead(from.run, held))) throw notFound(backup);
  await from.rights.need(caller, right);
}
