import { pipeline } from 'node:stream';
import { hashAndCount } from '../archive/digest.ts';
import type { Manifest } from '../archive/manifest.ts';
import { indexName } from '../archive/name.ts';
import type { Destination, Staged } from '../destinations/destination.ts';
import { textOf } from '../errors.ts';
import { INDEX_LIMIT_BYTES } from '../helper/manifest.ts';
import type { PodSeal } from '../helper/seal.ts';
import type { Delivery } from '../helper/transport.ts';
import { within } from '../within.ts';

/** An index that is stored under a temporary name, and is the one that the pod sealed. */
export interface StagedIndex {
  staged: Staged;
  /** What the manifest says of it. */
  record: NonNullable<Manifest['index']>;
}

export interface ReceiveIndexOptions {
  /** Name of the archive that it belongs to. */
  archive: string;
  sealed: Pick<PodSeal, 'index' | 'seal'>;
  delivery: Pick<Delivery, 'index'>;
  destination: Destination;
  signal: AbortSignal;
  /** How long nothing may come. */
  quietMs?: number;
  /** Is called when something has come. */
  onBytes(): void;
}

/**
 * Stores the index of an archive that has arrived. Everything can be restored without one, so that its absence never fails
 * a backup.
 * @returns a warning where there is no index. @throws only when `signal` is aborted.
 */
export async function receiveIndex({
  archive,
  sealed: { index: sealed, seal },
  delivery,
  destination,
  signal,
  quietMs = 60_000,
  onBytes,
}: ReceiveIndexOptions): Promise<{ index?: StagedIndex; warnings: string[] }> {
  if (typeof sealed === 'string') return { warnings: [noIndex(ABSENT[sealed])] };
  const stop = new AbortController();
  const ends = AbortSignal.any([signal, stop.signal]);
  const timer = setTimeout(
    () => stop.abort(new Error(`the helper sent nothing for ${quietMs / 1000} s`)),
    quietMs
  );
  let staged: Staged | undefined;
  try {
    onBytes();
    const body = await within(ends, delivery.index(), late => late.destroy());
    const counter = hashAndCount(bytes => {
      timer.refresh();
      onBytes();
      if (bytes > sealed.bytes) stop.abort(new Error('more arrived than the helper wrote'));
    });
    const key = indexName(archive);
    const passed = pipeline(body, counter, () => undefined);
    staged = await destination.stage(key, passed, { signal: ends });
    const own = counter.digest();
    if (own.bytes !== sealed.bytes || own.sha256 !== sealed.sha256)
      throw new Error('it did not arrive as the helper wrote it');
    return { index: { staged, record: { key, ...own, entries: seal.files } }, warnings: [] };
  } catch (error) {
    await staged?.discard().catch(() => undefined); // the sweep deletes it
    signal.throwIfAborted();
    return { warnings: [noIndex(textOf(stop.signal.aborted ? stop.signal.reason : error))] };
  } finally {
    clearTimeout(timer);
  }
}

const ABSENT = {
  'too-big': `it would be bigger than ${INDEX_LIMIT_BYTES / 1024 / 1024} MiB`,
  failed: 'the helper could not write it',
};

/** @returns the warning that an archive has no index. */
export const noIndex = (why: string): string =>
  `the archive has no index, so that browsing it reads all of it first: ${why}`;
