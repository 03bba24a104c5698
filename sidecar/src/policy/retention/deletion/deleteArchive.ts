import type { Copy } from '../../../../api/index.ts';
import type { StoredManifest } from '../../../archive/manifest.ts';
import { indexName, manifestName, snapshotName } from '../../../archive/name.ts';
import { isOfRun, provenArchiveAt } from '../../../backup/provenArchive.ts';
import type { Destination } from '../../../destinations/destination.ts';
import { isProtected } from '../../../destinations/places/check.ts';
import type { IsSame, TwinFile } from '../../../destinations/places/sameStorage.ts';
import { twinThatHas } from '../../../destinations/places/sameStorage.ts';
import { readText } from '../../../destinations/read/readText.ts';
import { StageError, textOf } from '../../../errors.ts';
import type { History } from '../../../history/history.ts';
import { changeCopies } from '../../../history/queries/changeCopies.ts';
import type { UsedArchive, UseWorld } from './inUse.ts';
import { usedNow } from './inUse.ts';

/** An archive that a plan lets go. */
export interface Victim extends UsedArchive {
  /** The rules that did not keep it. */
  keep: string;
}

export interface DeletionWorld extends UseWorld {
  history: Pick<History, 'get' | 'commit' | 'unfinished'>;
  /** UIDs of the clusters whose archives may be deleted. */
  clusters: ReadonlySet<string>;
  /** Archives of another installation are never deleted. */
  installation: string;
  /** Absent: no other destination is the same storage. */
  isSame?: IsSame;
  now(): Date;
  signal: AbortSignal;
}

/**
 * - `deleted`: it is gone, and the history says so
 * - `used`: something has begun to use it since the plan
 * - `changed`: the history has another state of it now
 */
export type Deleted = 'deleted' | 'used' | 'changed';

const MANIFEST_BYTES = 4 * 1024 * 1024;

/** Why the copy is not there, for people and programs. */
const DELETED_BY_RETENTION = 'DeletedByRetention';

/**
 * Deletes one archive. Each step leaves a state that is true, and that a later step or the next start continues from:
 *
 * | | a crash after it leaves | and then |
 * | --- | --- | --- |
 * | 1. manifest and archive are read and compared with the history | nothing has changed | |
 * | 2. the history says that it was deleted, when, and by which rules: nothing uses it from now on | files that the history does not count | the next listing finds them, and the deletion continues |
 * | 3. the manifest is deleted: a rebuilt history does not take it for a backup | an archive without a manifest | the sweep of unproven archives deletes it |
 * | 4. the archive is deleted | an index, and a snapshot file | the same sweep deletes them |
 * | 5. the snapshot file and the index are deleted | nothing | |
 *
 * The other order, files first, would leave a history that shows a backup which is not there. Where the destination refuses, the
 * manifest is stored again and the history has the archive again.
 *
 * @throws StageError: why it was not deleted. Reason `DeletionRefused`: the destination does not delete archives.
 */
export async function deleteArchive(
  victim: Victim,
  destination: Destination,
  world: DeletionWorld
): Promise<Deleted> {
  const { history, signal } = world;
  const { provenAt } = await prove(victim, destination, world);
  await checkIsOneCopy({ ...victim, provenAt }, world);
  if (usedNow(victim, world) !== null) return 'used';

  let before: Copy | undefined;
  await changeCopies(history, victim.run, ({ copies, status }) => {
    before = copies.find(copy => isThis(copy, victim) && copy.state === 'present');
    if (!before || status === 'queued' || status === 'running') return undefined;
    return { copies: replaced(copies, before, deletedCopy(before, victim, world.now())) };
  });
  if (!before) return 'changed';
  const isRecorded = history
    .get(victim.run)
    ?.copies.some(copy => isThis(copy, victim) && copy.state === 'deleted');
  if (!isRecorded) return 'used'; // its run has begun again
  // A restore that was asked for while this was written does not lose its archive.
  if (usedNow(victim, world) !== null) {
    await backInHistory(victim, before, history);
    return 'used';
  }
  try {
    await deleteFiles(victim.key, destination, signal);
  } catch (error) {
    if (await isWhole(victim.key, destination)) await backInHistory(victim, before, history);
    throw error;
  }
  return 'deleted';
}

/** Continues a deletion that broke off after step 2. @throws StageError as `deleteArchive` */
export async function finishDeletion(
  run: string,
  destination: Destination,
  world: DeletionWorld
): Promise<void> {
  const copy = world.history
    .get(run)
    ?.copies.find(
      ({ destination: id, state, problem }) =>
        id === destination.id && state === 'deleted' && problem?.reason === DELETED_BY_RETENTION
    );
  if (!copy) return;
  const victim = { run, destination: destination.id, key: copy.key };
  if (usedNow(victim, world) !== null) return;
  await checkIsOneCopy(victim, world);
  await deleteFiles(copy.key, destination, world.signal);
}

/**
 * @returns the manifest that is there
 * @throws Error when manifest or archive are not what the history has, or another installation wrote them
 */
async function prove(
  { run, key }: Victim,
  destination: Destination,
  { history, clusters, installation, signal }: DeletionWorld
): Promise<StoredManifest> {
  const proven = await provenArchiveAt(manifestName(key), destination, signal);
  const known = history.get(run);
  const { manifest } = proven;
  const isOwn =
    known !== undefined &&
    isOfRun(proven, known) &&
    manifest.installation === installation &&
    manifest.clusterUid !== null &&
    clusters.has(manifest.clusterUid);
  if (isOwn) return manifest;
  throw new StageError(
    'cleanup',
    'ArchiveNotOwn',
    `archive ${key} is not deleted: its manifest names another backup, cluster or installation than the history`,
    'nothing to do; find out who has written it where that is unexpected',
    'needs-action'
  );
}

/** @throws StageError when the archive is the copy of another destination, too, or may be: the rules there may keep it */
async function checkIsOneCopy(
  { run, ...file }: UsedArchive & TwinFile,
  { history, isSame }: DeletionWorld
): Promise<void> {
  const { destination, key } = file;
  const twin = await twinThatHas(file, history.get(run)?.copies ?? [], isSame);
  if (!twin || twin.is === 'gone') return;
  const both = `destinations ${destination} and ${twin.destination}`;
  throw new StageError(
    'cleanup',
    'DestinationSame',
    twin.is === 'same'
      ? `archive ${key} is not deleted: ${both} are the same storage, and both have it as their copy`
      : `archive ${key} is not deleted: ${both} may be the same storage, both have it as their copy, and one of them does not answer`,
    twin.is === 'same'
      ? 'delete one of the two destinations'
      : `nothing to do when ${twin.destination} answers again; if it never will, delete that destination`,
    'needs-action'
  );
}

async function deleteFiles(
  key: string,
  destination: Destination,
  signal: AbortSignal
): Promise<void> {
  const manifest = manifestName(key);
  const isThere = (await destination.stat(manifest, { signal })) !== undefined;
  const text = isThere
    ? await readText(destination, manifest, MANIFEST_BYTES, { signal })
    : undefined;
  await remove(manifest, destination, signal);
  try {
    await remove(key, destination, signal);
  } catch (error) {
    // Not `signal`: an archive that stays must not be left without its manifest because NKVM is stopping.
    if (text !== undefined && (await destination.stat(key)))
      await destination.put(manifest, text).catch(() => undefined);
    throw error;
  }
  await destination.remove(snapshotName(key), { signal });
  await destination.remove(indexName(key), { signal });
}

/** A server may say that it has deleted a file and keep it. @throws StageError `DeletionRefused` */
async function remove(key: string, destination: Destination, signal: AbortSignal): Promise<void> {
  try {
    await destination.remove(key, { signal });
  } catch (error) {
    if (isProtected(error)) throw refused(key, textOf(error), error);
    throw error;
  }
  if (await destination.stat(key, { signal }))
    throw refused(key, 'it is there after it was deleted');
}

const refused = (key: string, why: string, cause?: unknown): StageError =>
  new StageError(
    'cleanup',
    'DeletionRefused',
    `archive ${key} could not be deleted: ${why}`,
    'nothing to do where archives must not be deleted; otherwise allow it to the credentials of NKVM',
    'needs-action',
    { cause }
  );

/** @returns whether manifest and archive are there; false also where that is not known. */
async function isWhole(key: string, destination: Destination): Promise<boolean> {
  try {
    const files = [await destination.stat(manifestName(key)), await destination.stat(key)];
    return files.every(file => file !== undefined);
  } catch {
    return false; // the next listing tells
  }
}

const isThis = (copy: Copy, { destination, key }: UsedArchive): boolean =>
  copy.destination === destination && copy.key === key;

const replaced = (copies: readonly Copy[], one: Copy, by: Copy): Copy[] =>
  copies.map(copy => (copy === one ? by : copy));

const deletedCopy = (copy: Copy, { keep }: Victim, now: Date): Copy => ({
  ...copy,
  state: 'deleted',
  retryAt: null,
  problem: {
    stage: 'cleanup',
    reason: 'DeletedByRetention', // DELETED_BY_RETENTION
    message: `deleted by retention at ${now.toISOString()}: no rule of ${keep} keeps it`,
    hint: 'nothing to do; change the annotation nkvm.io/keep to keep more',
    failureClass: 'needs-action',
  },
});

const backInHistory = (
  victim: Victim,
  before: Copy,
  history: DeletionWorld['history']
): Promise<void> =>
  changeCopies(history, victim.run, ({ copies }) => {
    const now = copies.find(copy => isThis(copy, victim) && copy.state === 'deleted');
    return now ? { copies: replaced(copies, now, before) } : undefined;
  });
