import { formOf } from '../archive/chain/chain.ts';
import type { StoredManifest } from '../archive/manifest.ts';
import { readManifest } from '../archive/manifest.ts';
import { indexName, manifestName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import type { ForeignArchive } from '../destinations/foreignArchive.ts';
import type { Places } from '../destinations/places.ts';
import { useOf } from '../destinations/readable.ts';
import { readText } from '../destinations/readText.ts';
import { archiveMissing } from '../destinations/refusals.ts';
import { StageError, textOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { FoundIndex } from './loadIndex.ts';
import { rebuiltIndex, storedIndex, storeIndex } from './loadIndex.ts';
import type { ArchiveRef, OpenArchive } from './openArchive.ts';
import { openArchive } from './openArchive.ts';
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
  /** Archives whose stored index is not theirs. */
  const wrong = new Set<string>();
  // Copies of a backup have one name, and perhaps not the same bytes.
  const nameOf = ({ key, bytes, destination }: ArchiveRef): string =>
    `${key} ${destination.id} ${bytes}`;

  const opened = (ref: ArchiveRef, found: FoundIndex): OpenArchive =>
    openArchive(ref, found.index, {
      ...found,
      indexIsWrong() {
        const name = nameOf(ref);
        if (found.origin === 'stored') wrong.add(name);
        cache.forget(name);
        log.warn({ archive: ref.key }, `the index of ${ref.key} belongs to another archive`);
      },
    });

  const fromStored = async (ref: ArchiveRef, signal: AbortSignal) => {
    if (wrong.has(nameOf(ref))) return undefined;
    const found = await storedIndex(ref, log, signal);
    return found && opened(ref, found);
  };

  const load = async (ref: ArchiveRef, signal: AbortSignal): Promise<OpenArchive> => {
    const stored = await fromStored(ref, signal);
    if (stored) return stored;
    const found = await rebuiltIndex(ref, signal);
    if (!found.hasGlobals && mayStore(ref) && !wrong.has(nameOf(ref)))
      await keep(ref, found, signal);
    return opened(ref, found);
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
      refuseIncrement(ref);
      return await cache.get(nameOf(ref), each => load(ref, each), signal);
    },
    async openVouched(ref, signal) {
      refuseIncrement(ref);
      const name = nameOf(ref);
      if (ref.manifest?.index?.sha256 !== undefined) return await archives.open(ref, signal);
      const known = await cache.peek(name);
      if (known?.origin === 'rebuilt') return known;
      return await cache.get(
        `${name} made here`,
        async each => opened(ref, await rebuiltIndex(ref, each)),
        signal
      );
    },
    async openQuickly(ref, signal) {
      if (isIncrement(ref)) return undefined;
      const known = cache.peek(nameOf(ref));
      if (known) return await known;
      const isQuick =
        ref.bytes <= QUICK_BYTES ||
        (!wrong.has(nameOf(ref)) &&
          (await ref.destination.stat(indexName(ref.key), { signal })) !== undefined);
      return isQuick ? await archives.open(ref, signal) : undefined;
    },
    forget(key) {
      cache.forgetAll(name => name.startsWith(`${key} `));
    },
    stop: () => cache.stop(),
  };
  return archives;
}

const isIncrement = ({ manifest }: ArchiveRef): boolean =>
  formOf(manifest?.chain ?? null) === 'increment';

/** Its own entries are a part of the volume, and would be taken for all of it. @throws StageError */
function refuseIncrement(ref: ArchiveRef): void {
  if (!isIncrement(ref)) return;
  throw new StageError(
    'checksum',
    'IncrementNotOpened',
    `archive ${ref.key} is an increment: its files are in several archives, and NKVM cannot show single ones of them yet`,
    'restore the whole backup, into a new claim for example, or open the full backup before it',
    'needs-action'
  );
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
