import { formOf } from '../archive/chain/chain.ts';
import type { StoredManifest } from '../archive/manifest.ts';
import { readManifest } from '../archive/manifest.ts';
import { indexName, manifestName } from '../archive/name.ts';
import { archiveMissing } from '../destinations/common/refusals.ts';
import type { Destination } from '../destinations/destination.ts';
import type { ForeignArchive } from '../destinations/foreignArchive.ts';
import type { Places } from '../destinations/places.ts';
import { chainThere } from '../destinations/read/chainThere.ts';
import { useOf } from '../destinations/read/readable.ts';
import { readText } from '../destinations/read/readText.ts';
import { StageError, textOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { FoundIndex } from './loadIndex.ts';
import { rebuiltIndex, storedIndex, storeIndex } from './loadIndex.ts';
import type { ArchiveRef, OpenArchive } from './openArchive.ts';
import { openArchive, partFrom } from './openArchive.ts';
import { openAlone, openChain } from './openChain.ts';
import { sharedCache } from './sharedCache.ts';

/** Archives at a destination, opened to be read from. */
export interface Archives {
  /** @throws StageError (stage `checksum`, reason `ArchiveMissing`; or `DestinationNotConfigured`) */
  ref(archive: ForeignArchive, signal?: AbortSignal): Promise<ArchiveRef>;
  /**
   * Reads the index of an archive, or makes one from the archive, which takes as long as reading it. Callers who ask at the
   * same time wait for the same one; it is abandoned when all of them have gone.
   * @throws StageError
   */
  open(ref: ArchiveRef, signal?: AbortSignal): Promise<OpenArchive>;
  /**
   * The same for what is to be restored. An index whose digest is not in the manifest is not believed: one that lacks entries
   * would restore a part, and nobody would notice. It is made from the archive then.
   */
  openVouched(ref: ArchiveRef, signal?: AbortSignal): Promise<OpenArchive>;
  /** @returns the archive if that takes no reading of the whole archive; undefined otherwise. */
  openQuickly(ref: ArchiveRef, signal?: AbortSignal): Promise<OpenArchive | undefined>;
  /** Forgets what is known of an archive, e.g. because it was deleted. */
  forget(key: string): void;
  stop(): void;
}

export interface ArchivesOptions {
  places: Pick<Places, 'get'>;
  log: Pick<Log, 'info' | 'warn'>;
  /** Whether an index that was made here may be stored beside an archive. */
  mayStore(ref: ArchiveRef): boolean;
  /** Bytes of memory for indexes that nobody uses at the moment. */
  keepBytes?: number;
  /** How long one of them is kept. */
  keepMs?: number;
}

const MANIFEST_BYTES = 4 * 1024 * 1024;
const KEEP_BYTES = 96 * 1024 * 1024;
const KEEP_MS = 5 * 60_000;
/** An archive that is read in less than a second or two. */
const QUICK_BYTES = 64 * 1024 * 1024;
/** The same of names: each archive of a chain has those of all directories. */
const QUICK_NAMES = 3_000_000;
/** How long the archives of a chain are known, and how many: their manifests are in memory. */
const KEEP_LINKS_MS = 60_000;
const KEEP_LINKS = 2_000;

export function archivesAt({
  places,
  log,
  mayStore,
  keepBytes = KEEP_BYTES,
  keepMs = KEEP_MS,
}: ArchivesOptions): Archives {
  const cache = sharedCache<OpenArchive>({
    keepBytes,
    keepMs,
    sizeOf: ({ index }) => index.bytes,
  });
  const chains = sharedCache<ArchiveRef[]>({
    keepBytes: KEEP_LINKS,
    keepMs: KEEP_LINKS_MS,
    sizeOf: links => links.length,
    atOnce: 8,
  });
  /** Archives whose stored index is not theirs. */
  const wrong = new Set<string>();
  // Copies of a backup have one name, and perhaps not the same bytes.
  const nameOf = ({ key, bytes, destination }: ArchiveRef): string =>
    `${key} ${destination.id} ${bytes}`;

  const linksOf = async (ref: ArchiveRef, signal?: AbortSignal): Promise<ArchiveRef[]> =>
    formOf(ref.manifest?.chain ?? null) === 'full'
      ? []
      : await chains.get(nameOf(ref), each => findLinks(ref, each), signal);

  const indexIsWrong = (ref: ArchiveRef, found: FoundIndex, opened: string): void => {
    if (found.origin === 'stored') wrong.add(nameOf(ref));
    cache.forget(opened);
    log.warn({ archive: ref.key }, `the index of ${ref.key} belongs to another archive`);
  };

  const find = async (ref: ArchiveRef, signal: AbortSignal): Promise<FoundIndex> => {
    const isWrong = wrong.has(nameOf(ref));
    const stored = isWrong ? undefined : await storedIndex(ref, log, signal);
    if (stored) return stored;
    const found = await rebuiltIndex(ref, signal);
    if (!found.hasGlobals && mayStore(ref) && !isWrong) await keep(ref, found, signal);
    return found;
  };

  const hasIndex = async (ref: ArchiveRef, signal?: AbortSignal): Promise<boolean> =>
    !wrong.has(nameOf(ref)) &&
    (await ref.destination.stat(indexName(ref.key), { signal })) !== undefined;

  const findVouched = async (ref: ArchiveRef, signal: AbortSignal): Promise<FoundIndex> =>
    isVouched(ref) ? await find(ref, signal) : await rebuiltIndex(ref, signal);

  /** @param name of what is opened in the cache */
  const load = async (
    ref: ArchiveRef,
    { name, findIndex = find }: { name: string; findIndex?: typeof find },
    signal: AbortSignal
  ): Promise<OpenArchive> => {
    const links = await linksOf(ref, signal);
    if (links.length > 0) {
      return await openChain(
        [ref, ...links],
        { find: findIndex, indexIsWrong: (link, found) => indexIsWrong(link, found, name) },
        signal
      );
    }
    const found = await findIndex(ref, signal);
    const part = partFrom(ref, found, () => indexIsWrong(ref, found, name));
    const opened = openArchive(found.index, [part]);
    // Nothing else says whether it is an increment, whose entries would be taken for all of the volume.
    return ref.manifest ? opened : await openAlone(opened, signal);
  };

  const keep = async (ref: ArchiveRef, found: FoundIndex, signal: AbortSignal) => {
    try {
      if (await storeIndex(ref, found, signal))
        log.info({ archive: ref.key }, `an index of ${ref.key} was created and stored beside it`);
    } catch (error) {
      if (!signal.aborted)
        log.warn({ archive: ref.key }, `index of ${ref.key} could not be stored: ${textOf(error)}`);
    }
  };

  const archives: Archives = {
    async ref({ destination: name, key }, signal) {
      const destination = useOf(name, places);
      const stored = await destination.stat(key, { signal });
      if (!stored) throw archiveMissing(destination.locate(key));
      const manifest = await manifestOf(destination, key, signal);
      return { destination, key, bytes: stored.bytes, manifest };
    },
    async open(ref, signal) {
      const name = nameOf(ref);
      return await cache.get(name, each => load(ref, { name }, each), signal);
    },
    async openVouched(ref, signal) {
      const name = nameOf(ref);
      const links = await linksOf(ref, signal);
      if ([ref, ...links].every(isVouched)) return await archives.open(ref, signal);
      const known = await cache.peek(name);
      if (known?.parts.every(part => part.origin === 'rebuilt' || isVouched(part.ref)))
        return known;
      const made = `${name} made here`;
      return await cache.get(
        made,
        each => load(ref, { name: made, findIndex: findVouched }, each),
        signal
      );
    },
    async openQuickly(ref, signal) {
      const known = cache.peek(nameOf(ref));
      if (known) return await known;
      const links = await linksOf(ref, signal);
      const { entriesInVolume = 0 } = ref.manifest?.seal ?? {};
      if (links.length > 0 && entriesInVolume * (links.length + 1) > QUICK_NAMES) return undefined;
      let left = QUICK_BYTES;
      for (const each of [ref, ...links]) {
        if (each.bytes <= left) left -= each.bytes;
        else if (!(await hasIndex(each, signal))) return undefined;
      }
      return await archives.open(ref, signal);
    },
    forget(key) {
      cache.forgetAll(name => name.startsWith(`${key} `));
      chains.forgetAll(() => true); // it may be one of them
    },
    stop() {
      cache.stop();
      chains.stop();
    },
  };
  return archives;
}

const isVouched = ({ manifest }: ArchiveRef): boolean => manifest?.index?.sha256 !== undefined;

/** @returns the archives that an increment needs, the newest first. @throws StageError */
async function findLinks(
  { key, manifest, destination }: ArchiveRef,
  signal: AbortSignal
): Promise<ArchiveRef[]> {
  const links = await chainThere(key, manifest?.chain ?? null, destination, signal);
  return links
    .map(link => ({ destination, key: link.key, bytes: link.bytes, manifest: link.manifest }))
    .reverse();
}

/** A manifest that cannot be read says nothing: the archive can be read without it. */
async function manifestOf(
  destination: Destination,
  key: string,
  signal?: AbortSignal
): Promise<StoredManifest | undefined> {
  const name = manifestName(key);
  try {
    if (!(await destination.stat(name, { signal }))) return undefined;
    const manifest = readManifest(
      name,
      await readText(destination, name, MANIFEST_BYTES, { signal })
    );
    return manifest.archive === key ? manifest : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    if (error instanceof StageError && NOT_TO_BE_READ.includes(error.reason)) return undefined;
    throw error;
  }
}

const NOT_TO_BE_READ = ['ManifestUnreadable', 'ManifestTooNew'];
