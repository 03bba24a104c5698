import type { Destination } from '../../destinations/destination.ts';

/** Where the gzip members of an archive begin, so that it can be read from the middle. */
export interface Members {
  /** Bytes of tar in each member but the last. */
  rawBytes: number;
  /** Compressed sizes, in their order. */
  sizes: readonly number[];
}

/** An archive to read from. */
export interface RawArchive {
  destination: Destination;
  key: string;
  /** Size of the archive. */
  bytes: number;
  /** Undefined: it is read from its first byte, whatever is wanted of it. */
  members: Members | undefined;
}

/**
 * @returns the members, if they can be those of an archive of that size: the sizes are used as places in it
 */
export function membersOf(
  rawBytes: number | null | undefined,
  sizes: readonly number[] | null | undefined,
  bytes: number
): Members | undefined {
  if (!rawBytes || !sizes || sizes.length === 0) return undefined;
  const sum = sizes.reduce((total, size) => total + size, 0);
  return sum === bytes ? { rawBytes, sizes } : undefined;
}
