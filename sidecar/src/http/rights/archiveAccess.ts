import { archiveFormOf } from '../../archive/name.ts';
import type { Archives } from '../../browse/archives.ts';
import type { ArchiveRef } from '../../browse/openArchive.ts';
import type { Uploads } from '../../browse/uploads.ts';
import type { Subject } from '../../cluster/gateway/access.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import { archiveMissing } from '../../destinations/common/refusals.ts';
import { foreignArchive } from '../../destinations/foreignArchive.ts';
import type { Places } from '../../destinations/places.ts';
import { withNearest } from '../../destinations/read/readable.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { notFound } from '../../jobs/attempts/errors.ts';
import { Refusal } from '../entry/problems.ts';
import { noUpload, rightToUpload, uploadNamespace } from '../routes/uploadRoutes.ts';
import type { ForeignRights } from './foreignRights.ts';
import { foreignRights } from './foreignRights.ts';
import { heldRights } from './heldRights.ts';
import type { Rights } from './rights.ts';
import { runAccess } from './runAccess.ts';

/** An archive at the destination that no backup in the history has. */
export const FOREIGN_PREFIX = 'archive:';
const UPLOAD_PREFIX = 'upload:';

/** An archive that a caller may read. */
export interface ReadableArchive {
  /** As it was asked for: id of a backup, `archive:KEY`, … */
  id: string;
  /** The backup that wrote it. */
  run: RunRecord | undefined;
  /**
   * @param maxAgeMs how old a remembered answer may be
   * @returns whether the caller may still read it. @throws Refusal (503) when the API server did not say.
   */
  mayRead(maxAgeMs?: number): Promise<boolean>;
  /** @throws StageError or Refusal when the archive is not there */
  ref(signal?: AbortSignal): Promise<ArchiveRef>;
}

/** Other files at the destination are not archives, whatever they hold. */
export const isArchiveName = (key: string): boolean =>
  /^[^.][^/]*$/.test(key) && archiveFormOf(key) !== undefined;

export interface ArchiveAccessWorld {
  history: Pick<History, 'get'>;
  inventory: Pick<Inventory, 'namespace' | 'isReady'>;
  rights: Rights;
  archives: Pick<Archives, 'ref'>;
  places: Pick<Places, 'get'>;
  uploads: Uploads;
  /** Rights on archives that no backup here has; absent: as in this cluster. */
  foreign?: ForeignRights | undefined;
  /** Of NKVM's own cluster, where uploads are; absent: this is that cluster. */
  ownRights?: Rights | undefined;
}

/** Finds archives for callers who may read what is in them. */
export interface ArchiveAccess {
  /**
   * @throws StageError (BackupNotFound) for what the caller may not even see: ids are not to be tried out
   * @throws Refusal (403) that names the missing right
   */
  find(caller: Subject, id: string): Promise<ReadableArchive>;
  /** @returns the archive of a backup that the caller may read; undefined: the caller may not. */
  ofRun(caller: Subject, run: RunRecord): Promise<ReadableArchive | undefined>;
}

export function archiveAccess(world: ArchiveAccessWorld): ArchiveAccess {
  const { history, rights, archives, places, ownRights = rights } = world;
  const { foreign = foreignRights({ own: ownRights }) } = world;
  const access = runAccess(world);

  const refOfRun = async (run: RunRecord, signal?: AbortSignal): Promise<ArchiveRef> => {
    const copies = run.copies.filter(({ state }) => state === 'present' || state === 'missing');
    if (copies.length === 0) throw noArchive(run);
    return await withNearest(
      copies,
      places,
      signal,
      async ({ copy: { destination, key, bytes } }) => {
        const ref = await archives.ref({ destination, key }, signal);
        if (ref.bytes !== bytes) throw changed(ref, bytes);
        return ref;
      }
    );
  };

  const readable = (caller: Subject, run: RunRecord): ReadableArchive => ({
    id: run.id,
    run,
    // A namespace that was deleted and created again belongs to other people.
    mayRead: maxAgeMs => rights.has(caller, access.rightOn('get', 'archive', run), maxAgeMs),
    ref: signal => refOfRun(run, signal),
  });

  /** An upload is for those who may restore into its namespace. */
  const upload = async (caller: Subject, id: string): Promise<ReadableArchive> => {
    const name = id.slice(UPLOAD_PREFIX.length);
    const mayRead = async (maxAgeMs?: number) => {
      const namespace = uploadNamespace(world)(name);
      return (
        namespace !== undefined && (await ownRights.has(caller, rightToUpload(namespace), maxAgeMs))
      );
    };
    if (!(await mayRead())) throw noUpload();
    return {
      id,
      run: undefined,
      mayRead,
      async ref() {
        const ref = world.uploads.ref(name);
        if (!ref) throw noUpload();
        return ref;
      },
    };
  };

  return {
    async find(caller, id) {
      if (id.startsWith(FOREIGN_PREFIX)) {
        const named = id.slice(FOREIGN_PREFIX.length);
        await foreign.need(caller, named);
        const archive = foreignArchive(named);
        if (!isArchiveName(archive.key)) throw archiveMissing(archive.key);
        return {
          id,
          run: undefined,
          mayRead: maxAgeMs => foreign.has(caller, named, maxAgeMs),
          ref: signal => archives.ref(archive, signal),
        };
      }
      if (id.startsWith(UPLOAD_PREFIX)) return await upload(caller, id);
      const run = history.get(id);
      if (run?.kind !== 'backup') throw notFound(id);
      const archive = readable(caller, run);
      if (await archive.mayRead()) return archive;
      // Callers who may see the backup are told which right is missing; for others it does not exist.
      if (!(await access.mayRead(run, heldRights(caller, rights)))) throw notFound(id);
      throw await rights.lacking(caller, access.rightOn('get', 'archive', run));
    },

    async ofRun(caller, run) {
      const archive = readable(caller, run);
      return (await archive.mayRead()) ? archive : undefined;
    },
  };
}

const noArchive = ({ id, status }: RunRecord): Refusal =>
  new Refusal(
    409,
    'BackupHasNoArchive',
    `backup ${id} has no archive: ${
      status === 'success' ? 'it was deleted' : `its status is ${status}`
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
