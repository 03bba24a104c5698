import type { ArchiveIndex } from '../archive/index/archiveIndex.ts';
import { Listing } from '../archive/index/listing.ts';
import type { StoredManifest } from '../archive/manifest.ts';
import type { RawArchive } from '../archive/members/rawArchive.ts';
import type { Destination } from '../destinations/destination.ts';
import type { FoundIndex } from './loadIndex.ts';

/** An archive at a destination. */
export interface ArchiveRef {
  destination: Destination;
  key: string;
  /** Undefined: there is none, or it cannot be read. */
  manifest: StoredManifest | undefined;
  bytes: number;
}

/** One of the archives that hold what an open archive lists. */
export interface Part {
  ref: ArchiveRef;
  /** Where its bytes are read. */
  raw: RawArchive;
  /** `stored`: its index was beside the archive; `rebuilt`: the archive was read as a whole. */
  origin: 'stored' | 'rebuilt';
  /** Entries do not stand for themselves, so that only the whole archive can be used. */
  hasGlobals: boolean;
  /** The block of the index with which its tar begins. */
  start: number;
  /**
   * To be called when a header of the archive is not what the index says: the index is built again from the archive when it is
   * opened the next time.
   */
  indexIsWrong(): void;
}

/** An archive whose entries are known; of an increment, all entries of the volume. */
export interface OpenArchive {
  ref: ArchiveRef;
  index: ArchiveIndex;
  listing: Listing;
  /** The archive itself; of an increment, then those that it needs, the newest first. */
  parts: readonly [Part, ...Part[]];
  /** Whether a file can be read without unpacking everything before it. */
  canReadRanges: boolean;
  /** `stored`: all indexes were beside their archives. */
  origin: 'stored' | 'rebuilt';
  /** Entries do not stand for themselves, so that only the whole archive can be used. */
  hasGlobals: boolean;
}

/** @returns the part that has an entry. */
export function partOf({ index, parts }: OpenArchive, node: number): Part {
  const block = index.blockOf(node);
  return parts.findLast(({ start }) => start <= block) ?? parts[0];
}

/** @returns an archive that stands for itself. */
export function partFrom(
  ref: ArchiveRef,
  { members, origin, hasGlobals }: FoundIndex,
  indexIsWrong: () => void
): Part {
  const { destination, key, bytes } = ref;
  const raw = { destination, key, bytes, members };
  return { ref, raw, origin, hasGlobals, start: 0, indexIsWrong };
}

/** @param parts newest first */
export const openArchive = (
  index: ArchiveIndex,
  parts: readonly [Part, ...Part[]]
): OpenArchive => ({
  ref: parts[0].ref,
  index,
  listing: new Listing(index),
  parts,
  canReadRanges: parts.every(({ raw }) => raw.members !== undefined),
  origin: parts.every(({ origin }) => origin === 'stored') ? 'stored' : 'rebuilt',
  hasGlobals: parts.some(({ hasGlobals }) => hasGlobals),
});
