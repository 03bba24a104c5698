import type { Manifest } from '../archive/manifest.ts';
import { indexName } from '../archive/name.ts';
import type { Destination, Staged } from '../destinations/destination.ts';
import { INDEX_LIMIT_BYTES } from '../helper/manifest.ts';
import type { PodSeal } from '../helper/seal.ts';
import type { Delivery } from '../helper/transport.ts';
import { receiveBeside } from './receiveBeside.ts';

/** An index that is stored under a temporary name, and is the one that the pod sealed. */
export interface StagedIndex {
  staged: Staged;
  /** Its facts in the manifest. */
  record: NonNullable<Manifest['index']>;
}

/** The result for the index at one destination. */
export interface ReceivedIndex {
  index?: StagedIndex;
  /** Why there is none. */
  warnings: string[];
}

export interface ReceiveIndexOptions {
  /** Where it is stored, beside which archive. */
  copies: readonly { name: string; destination: Destination; key: string }[];
  sealed: Pick<PodSeal, 'index' | 'seal'>;
  delivery: Pick<Delivery, 'index'>;
  signal: AbortSignal;
  /** How long nothing may come. */
  quietMs?: number;
  /** Is called when something has come. */
  onBytes(): void;
}

/**
 * Stores the index of an archive that has arrived at each destination. Everything can be restored without one, so that its
 * absence never fails a backup.
 * @returns one for each copy; a warning where there is no index. @throws only when `signal` is aborted.
 */
export async function receiveIndex({
  sealed: { index: sealed, seal },
  delivery,
  ...options
}: ReceiveIndexOptions): Promise<ReceivedIndex[]> {
  if (typeof sealed === 'string')
    return options.copies.map(() => ({ warnings: [noIndex(ABSENT[sealed])] }));
  const ends = await receiveBeside({
    ...options,
    sealed,
    nameOf: indexName,
    open: () => delivery.index(),
  });
  return ends.map((end, at) => {
    if ('staged' in end)
      return {
        index: { staged: end.staged, record: { ...end.record, entries: seal.files } },
        warnings: [],
      };
    const { isAtOne, why } = end;
    const where =
      isAtOne && ends.length > 1 ? `the archive at ${options.copies[at]?.name}` : undefined;
    return { warnings: [noIndex(why, where)] };
  });
}

const ABSENT = {
  'too-big': `it would be bigger than ${INDEX_LIMIT_BYTES / 1024 / 1024} MiB`,
  failed: 'the helper could not write it',
};

/** @returns the warning that an archive has no index. */
export const noIndex = (why: string, archive = 'the archive'): string =>
  `${archive} has no index, so browsing it reads the whole archive first: ${why}`;
