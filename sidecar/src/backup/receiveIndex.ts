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
import { fanOut } from './copies/fanOut.ts';

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
  copies,
  sealed: { index: sealed, seal },
  delivery,
  signal,
  quietMs = 60_000,
  onBytes,
}: ReceiveIndexOptions): Promise<ReceivedIndex[]> {
  const none = (why: string) => copies.map(() => ({ warnings: [noIndex(why)] }));
  if (typeof sealed === 'string') return none(ABSENT[sealed]);
  const stop = new AbortController();
  const ends = AbortSignal.any([signal, stop.signal]);
  const timer = setTimeout(
    () => stop.abort(new Error(`the helper sent nothing for ${quietMs / 1000} s`)),
    quietMs
  );
  const discard = (staged: Staged) => staged.discard().catch(() => undefined); // the sweep deletes it
  const because = (error: unknown) => textOf(stop.signal.aborted ? stop.signal.reason : error);
  try {
    onBytes();
    const body = await within(ends, delivery.index(), late => late.destroy());
    const counter = hashAndCount(bytes => {
      timer.refresh();
      onBytes();
      if (bytes > sealed.bytes) stop.abort(new Error('more bytes arrived than the helper wrote'));
    });
    const taking = await fanOut(
      pipeline(body, counter, () => undefined),
      copies.map(({ name, destination, key }) => ({
        name,
        take: (passed, ending) => destination.stage(indexName(key), passed, { signal: ending }),
        letGo: discard,
      })),
      { signal: ends }
    );
    const taken = await Promise.all(taking);
    signal.throwIfAborted();
    const own = counter.digest();
    const differs = own.bytes !== sealed.bytes || own.sha256 !== sealed.sha256;
    return await Promise.all(
      copies.map(async ({ key, name }, at) => {
        const end = taken[at] ?? { error: new Error('no destination has read it') };
        const where = copies.length > 1 ? `the archive at ${name}` : undefined;
        if ('error' in end) return { warnings: [noIndex(because(end.error), where)] };
        if (differs) {
          await discard(end.taken);
          return { warnings: [noIndex('it differs from the one that the helper wrote')] };
        }
        const record = { key: indexName(key), ...own, entries: seal.files };
        return { index: { staged: end.taken, record }, warnings: [] };
      })
    );
  } catch (error) {
    signal.throwIfAborted();
    return none(because(error));
  } finally {
    clearTimeout(timer);
  }
}

const ABSENT = {
  'too-big': `it would be bigger than ${INDEX_LIMIT_BYTES / 1024 / 1024} MiB`,
  failed: 'the helper could not write it',
};

/** @returns the warning that an archive has no index. */
export const noIndex = (why: string, archive = 'the archive'): string =>
  `${archive} has no index, so browsing it reads the whole archive first: ${why}`;
