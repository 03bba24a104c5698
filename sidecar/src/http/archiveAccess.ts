import type { Backup } from '../../api/index.ts';
import type { Archives } from '../browse/archives.ts';
import type { ArchiveRef } from '../browse/openArchive.ts';
import type { Action, Subject } from '../cluster/access.ts';
import type { Inventory } from '../cluster/inventory.ts';
import type { Destination } from '../destinations/destination.ts';
import { archiveMissing } from '../destinations/refusals.ts';
import type { History } from '../history/history.ts';
import { notFound } from '../jobs/errors.ts';
import { isOfLiveNamespace, READ_ARCHIVES, rightOn } from './backupView.ts';
import { Refusal } from './problems.ts';
import type { Rights } from './rights.ts';

/** An archive at the destination that no backup in the history has. */
export const FOREIGN_PREFIX = 'archive:';

/** An archive that a caller may read. */
export interface ReadableArchive {
  /** As it was asked for: id of a backup, `archive:KEY`, … */
  id: string;
  /** What the caller needs; to be asked again while something is sent. */
  right: Action;
  /** The backup that wrote it. */
  run: Backup | undefined;
  /** @throws StageError or Refusal when the archive is not there */
  ref(signal?: AbortSignal): Promise<ArchiveRef>;
}

/** Other files at the destination are not archives, whatever they hold. */
export const isArchiveName = (key: string): boolean => /^[^.][^/]*\.(tar\.gz|tgz)$/.test(key);

export interface ArchiveAccessWorld {
  history: Pick<History, 'get'>;
  inventory: Pick<Inventory, 'namespace'>;
  rights: Pick<Rights, 'has' | 'need'>;
  archives: Pick<Archives, 'ref'>;
  destination: Pick<Destination, 'id'>;
}

/** Finds archives for callers who may read what is in them. */
export interface ArchiveAccess {
  /**
   * @throws StageError (BackupNotFound) also without the right: ids are not to be tried out
   * @throws Refusal (403) for an archive that belongs to no backup here, without the right in all namespaces
   */
  find(caller: Subject, id: string): Promise<ReadableArchive>;
  /** @returns the right that is needed on the files of a backup. */
  rightOn(run: Backup): Action;
}

export function archiveAccess({
  history,
  inventory,
  rights,
  archives,
  destination,
}: ArchiveAccessWorld): ArchiveAccess {
  /** What a deleted namespace had is for callers who may read the archives of all namespaces. */
  const rightOnRun = (run: Backup): Action =>
    isOfLiveNamespace(run, inventory.namespace(run.namespace))
      ? rightOn('get', 'archive', run)
      : READ_ARCHIVES;

  const refOfRun = async (run: Backup, signal?: AbortSignal): Promise<ArchiveRef> => {
    const copy = run.copies.find(
      each => each.destination === destination.id && each.state !== 'deleted'
    );
    if (!copy) throw noArchive(run);
    const ref = await archives.ref(copy.key, signal);
    if (ref.bytes !== copy.bytes) throw changed(ref, copy.bytes);
    return ref;
  };

  return {
    rightOn: rightOnRun,
    async find(caller, id) {
      if (id.startsWith(FOREIGN_PREFIX)) {
        await rights.need(caller, READ_ARCHIVES);
        const key = id.slice(FOREIGN_PREFIX.length);
        if (!isArchiveName(key)) throw archiveMissing(key);
        return {
          id,
          right: READ_ARCHIVES,
          run: undefined,
          ref: signal => archives.ref(key, signal),
        };
      }
      const run = history.get(id);
      if (run?.kind !== 'backup') throw notFound(id);
      const right = rightOnRun(run);
      if (!(await rights.has(caller, right))) throw notFound(id);
      return { id, right, run, ref: signal => refOfRun(run, signal) };
    },
  };
}

const noArchive = ({ id, status }: Backup): Refusal =>
  new Refusal(
    409,
    'NoArchive',
    `backup ${id} has no archive: ${
      status === 'success' ? 'its archive was deleted' : `it is ${status}`
    }`,
    'choose a backup that was successful and whose archive is there'
  );

const changed = ({ key, bytes }: ArchiveRef, expected: number): Refusal =>
  new Refusal(
    409,
    'ArchiveChanged',
    `archive ${key} has ${bytes} bytes, and its backup wrote ${expected}`,
    'something other than NKVM has changed it: choose another backup'
  );
