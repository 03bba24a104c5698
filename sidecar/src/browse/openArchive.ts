import type { ArchiveIndex } from '../archive/index/archiveIndex.ts';
import { Listing } from '../archive/index/listing.ts';
import type { StoredManifest } from '../archive/manifest.ts';
import type { Members, RawArchive } from '../archive/members/rawArchive.ts';
import type { Destination } from '../destinations/destination.ts';

/** An archive at a destination. */
export interface ArchiveRef {
  destination: Destination;
  key: string;
  /** Undefined: there is none, or it cannot be read. */
  manifest: StoredManifest | undefined;
  bytes: number;
}

/** An archive whose entries are known. */
export interface OpenArchive {
  ref: ArchiveRef;
  index: ArchiveIndex;
  listing: Listing;
  /** Where its bytes are read. */
  raw: RawArchive;
  /** Whether a file can be read without unpacking everything before it. */
  canReadRanges: boolean;
  /** `stored`: beside the archive; `rebuilt`: the archive was read as a whole. */
  origin: 'stored' | 'rebuilt';
  /** Entries do not stand for themselves, so that only the whole archive can be used. */
  hasGlobals: boolean;
  /** Size of the tar, where it is known. */
  rawBytes: number | undefined;
  /**
   * To be called when a header of the archive is not what the index says: the index is built again from the archive when it is
   * opened the next time.
   */
  indexIsWrong(): void;
}

export function openArchive(
  ref: ArchiveRef,
  index: ArchiveIndex,
  found: Pick<OpenArchive, 'origin' | 'hasGlobals' | 'rawBytes' | 'indexIsWrong'> & {
    members: Members | undefined;
  }
): OpenArchive {
  const { destination, key, bytes } = ref;
  const { members, ...rest } = found;
  return {
    ref,
    index,
    listing: new Listing(index),
    raw: { destination, key, bytes, members },
    canReadRanges: members !== undefined,
    ...rest,
  };
}
