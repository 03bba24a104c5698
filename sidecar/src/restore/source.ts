import type { Backup, Copy } from '../../api/index.ts';
import type { StoredManifest } from '../archive/manifest.ts';
import { readManifest } from '../archive/manifest.ts';
import { archiveFormOf, manifestName } from '../archive/name.ts';
import { checkKey } from '../destinations/common/key.ts';
import type { Destination, Stored } from '../destinations/destination.ts';
import { foreignArchive } from '../destinations/foreignArchive.ts';
import type { Places } from '../destinations/places.ts';
import type { LinkThere } from '../destinations/read/chainThere.ts';
import { chainThere } from '../destinations/read/chainThere.ts';
import type { Readable } from '../destinations/read/readable.ts';
import { useOf, withNearest } from '../destinations/read/readable.ts';
import { readText } from '../destinations/read/readText.ts';
import { StageError, textOf } from '../errors.ts';
import type { History, RunRecord } from '../history/history.ts';
import type { ArchiveSource } from '../history/queries/details.ts';
import type { SourceArchive } from './types.ts';

/** An archive that can be restored, and what is known of it without reading it. */
export interface RestoreSource extends SourceArchive {
  /** Its expected digest; undefined: not known. */
  sha256: string | undefined;
  /** The backup that made it, where the history has it. */
  run: RunRecord | undefined;
  /** Of an increment: the archives that it needs, at the same destination, the full one first. */
  links: readonly LinkThere[];
}

/** @returns bytes of all archives that a restore reads. */
export const bytesOf = ({ bytes, links }: Pick<RestoreSource, 'bytes' | 'links'>): number =>
  links.reduce((sum, link) => sum + link.bytes, bytes);

/** @returns the patterns of nkvm.io/exclude that the archive was made with. */
export const patternsOf = ({ manifest, run }: RestoreSource): readonly string[] =>
  manifest?.seal.patterns ?? run?.seal?.patterns ?? [];

/** A file that somebody has uploaded to be restored. */
export interface UploadedArchive {
  destination: Destination;
  key: string;
  bytes: number;
  sha256: string;
}

export interface SourceWorld {
  history: Pick<History, 'get'>;
  places: Places;
  /** @returns a run of another cluster, and the cluster: null for NKVM's own. Absent: there is none. */
  elsewhere?(id: string): { run: RunRecord; cluster: string | null } | undefined;
  /** @returns undefined when there is none of this id any more. */
  uploadOf?(id: string): Promise<UploadedArchive | undefined> | UploadedArchive | undefined;
}

/** See `backup/provenArchive.ts`. */
const MANIFEST_BYTES = 4 * 1024 * 1024;

/**
 * Finds the archive that a request names, and its manifest: of a backup the copy that costs no download, or the next one
 * where that is not what it should be.
 * @param asked id of a backup, `archive:KEY`, `archive:DESTINATION/KEY` or `upload:ID`
 * @param not destinations whose copy is of no use
 * @throws StageError: `BackupNotFound`, `BackupHasNoArchive`, `ArchiveMissing`, `ChainIncomplete`, `ArchiveSizeDiffers`, `ManifestMismatch`,
 *   `ManifestTooNew`, `ManifestUnreadable`, `UploadNotFound`, `BadKey`, or what the destination says.
 */
export async function findSource(
  asked: string,
  world: SourceWorld,
  signal?: AbortSignal,
  not: ReadonlySet<string> = new Set()
): Promise<RestoreSource> {
  const [, kind, id = ''] = /^(archive|upload):(.*)$/s.exec(asked) ?? [];
  if (kind === 'archive') return await archiveSource(asked, id, world, signal);
  if (kind === 'upload') return await uploadSource(asked, id, world);
  return await backupSource(asked, world, signal, not);
}

async function backupSource(
  asked: string,
  { history, places, elsewhere }: SourceWorld,
  signal: AbortSignal | undefined,
  not: ReadonlySet<string>
): Promise<RestoreSource> {
  const here = history.get(asked);
  const there = here ? undefined : elsewhere?.(asked);
  const run = here ?? there?.run;
  if (!run || run.kind !== 'backup') throw notFound(asked);
  const copies = run.copies.filter(
    ({ state, destination }) => state === 'present' && !not.has(destination)
  );
  if (copies.length === 0) throw noArchive(run);
  const found = await withNearest(copies, places, signal, readable =>
    copySource(asked, run, readable, signal)
  );
  return there ? { ...found, source: { ...found.source, cluster: there.cluster } } : found;
}

async function copySource(
  asked: string,
  run: RunRecord,
  { copy, destination }: Readable<Copy>,
  signal: AbortSignal | undefined
): Promise<RestoreSource> {
  const stored = await storedAt(copy.key, destination, signal);
  if (stored.bytes !== copy.bytes) {
    throw sizeDiffers(destination.locate(copy.key), stored.bytes, copy.bytes, 'the history');
  }
  const manifest = await manifestOf(stored, destination, signal);
  const sha256 = copy.sha256 || manifest?.sha256;
  if (manifest && manifest.sha256 !== sha256) {
    throw mismatch(copy.key, 'the manifest and the history name different digests');
  }
  return {
    ...{ backup: asked, destination, sha256, manifest, run },
    links: await chainThere(copy.key, manifest?.chain ?? run.chain, destination, signal),
    key: copy.key,
    bytes: stored.bytes,
    source: {
      namespace: run.namespace,
      name: run.name,
      uid: run.uid,
      namespaceUid: run.namespaceUid,
      createdAt: run.createdAt,
    },
  };
}

async function archiveSource(
  asked: string,
  id: string,
  { history, places }: SourceWorld,
  signal: AbortSignal | undefined
): Promise<RestoreSource> {
  const { destination: name, key } = foreignArchive(id);
  checkKey(key);
  const destination = useOf(name, places);
  if (!archiveFormOf(key)) {
    throw new StageError(
      'queue',
      'NotAnArchive',
      `${destination.locate(key)} is not named like an archive`,
      'name the archive itself, which ends with .tar.gz, .tar.gz.age or .tar',
      'needs-action'
    );
  }
  const stored = await storedAt(key, destination, signal);
  const manifest = await manifestOf(stored, destination, signal);
  const run = manifest && history.get(manifest.runId);
  const isOfRun = run?.copies.some(copy => copy.key === key) ?? false;
  return {
    ...{ backup: asked, destination, key, manifest },
    bytes: stored.bytes,
    sha256: manifest?.sha256,
    run: isOfRun ? run : undefined,
    links: await chainThere(key, manifest?.chain ?? null, destination, signal),
    source: originOf(manifest),
  };
}

async function uploadSource(
  asked: string,
  id: string,
  { uploadOf }: SourceWorld
): Promise<RestoreSource> {
  const upload = await uploadOf?.(id);
  if (!upload) {
    throw new StageError(
      'queue',
      'UploadNotFound',
      'the uploaded file is not there (any more)',
      'upload the archive again: uploads are deleted after some time',
      'needs-action'
    );
  }
  const { destination, key, bytes, sha256 } = upload;
  const nothing = { manifest: undefined, run: undefined, links: [], source: originOf(undefined) };
  return { backup: asked, destination, key, bytes, sha256, ...nothing };
}

async function storedAt(
  key: string,
  destination: Destination,
  signal: AbortSignal | undefined
): Promise<Stored> {
  const stored = await destination.stat(key, { signal });
  if (stored) return stored;
  throw new StageError(
    'queue',
    'ArchiveMissing',
    `archive ${destination.locate(key)} is not there`,
    'put it back from a copy, or restore another backup',
    'needs-action'
  );
}

/** @returns undefined when there is none. @throws StageError when there is one that does not fit, or cannot be read. */
async function manifestOf(
  { key: archive, bytes }: Stored,
  destination: Destination,
  signal: AbortSignal | undefined
): Promise<StoredManifest | undefined> {
  const key = manifestName(archive);
  if (!(await destination.stat(key, { signal }))) return undefined;
  let text: string;
  try {
    text = await readText(destination, key, MANIFEST_BYTES, { signal });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw mismatch(archive, textOf(error));
  }
  const manifest = readManifest(key, text);
  if (manifest.archive !== archive) {
    throw mismatch(
      archive,
      `the manifest beside it belongs to another archive, ${manifest.archive}`
    );
  }
  if (manifest.bytes !== bytes) {
    throw sizeDiffers(destination.locate(archive), bytes, manifest.bytes, 'its manifest');
  }
  return manifest;
}

const originOf = (manifest: StoredManifest | undefined): ArchiveSource => ({
  namespace: manifest?.namespace ?? null,
  name: manifest?.pvc ?? null,
  uid: manifest?.pvcUid ?? null,
  namespaceUid: manifest?.namespaceUid ?? null,
  createdAt: manifest?.createdAt ?? null,
});

const notFound = (id: string): StageError =>
  new StageError(
    'queue',
    'BackupNotFound',
    `there is no backup ${id}`,
    'list the backups with GET /api/v1/backups; an archive at the destination is `archive:NAME`',
    'needs-action'
  );

const noArchive = ({ id, status, copies }: Backup): StageError => {
  const problem = copies.find(copy => copy.state === 'missing' && copy.problem)?.problem;
  if (problem) {
    const { reason, message, hint, failureClass } = problem;
    return new StageError('queue', reason, `backup ${id}: ${message}`, hint, failureClass);
  }
  return status === 'success' || copies.length > 0
    ? new StageError(
        'queue',
        'ArchiveMissing',
        `backup ${id} has no archive any more: it is ${copies[0]?.state ?? 'not recorded'}`,
        'restore another backup',
        'needs-action'
      )
    : new StageError(
        'queue',
        'BackupHasNoArchive',
        `backup ${id} has no archive: its status is ${status}`,
        'restore a backup that has succeeded',
        'needs-action'
      );
};

const sizeDiffers = (place: string, is: number, should: number, says: string): StageError =>
  new StageError(
    'queue',
    'ArchiveSizeDiffers',
    `archive ${place} has ${is} bytes; ${says} says ${should}`,
    'put it back from a copy, or restore another backup: the archive was changed or truncated',
    'needs-action'
  );

const mismatch = (archive: string, why: string): StageError =>
  new StageError(
    'queue',
    'ManifestMismatch',
    `archive ${archive}: ${why}`,
    'put back the manifest that belongs to it; without it, the archive can be restored, but not compared with its expected contents',
    'needs-action'
  );
