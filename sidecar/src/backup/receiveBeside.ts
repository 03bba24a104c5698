import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import type { Digest } from '../archive/digest.ts';
import { hashAndCount } from '../archive/digest.ts';
import type { Destination, Staged } from '../destinations/destination.ts';
import { textOf } from '../errors.ts';
import { within } from '../within.ts';
import { fanOut } from './copies/fanOut.ts';

export interface ReceiveBesideOptions {
  /** Where it is stored, beside which archive. */
  copies: readonly { name: string; destination: Destination; key: string }[];
  /** Its size and SHA-256, as the pod has sealed them. */
  sealed: Digest;
  /** @returns its key, of that of the archive. */
  nameOf(archive: string): string;
  /** Asks the pod for it. */
  open(): Promise<Readable>;
  signal: AbortSignal;
  /** How long nothing may come. */
  quietMs?: number;
  /** Is called when something has come. */
  onBytes(): void;
}

/** A file that is stored under a temporary name, or why it is not there: at this destination alone, or anywhere. */
export type ReceivedBeside =
  | { staged: Staged; record: Digest & { key: string } }
  | { why: string; isAtOne: boolean };

/**
 * Stores a file that the pod has made beside its archive at each destination.
 * @returns one for each copy. @throws only when `signal` is aborted.
 */
export async function receiveBeside({
  copies,
  sealed,
  nameOf,
  open,
  signal,
  quietMs = 60_000,
  onBytes,
}: ReceiveBesideOptions): Promise<ReceivedBeside[]> {
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
    const body = await within(ends, open(), late => late.destroy());
    const counter = hashAndCount(bytes => {
      timer.refresh();
      onBytes();
      if (bytes > sealed.bytes) stop.abort(new Error('more bytes arrived than the helper wrote'));
    });
    const taking = await fanOut(
      pipeline(body, counter, () => undefined),
      copies.map(({ name, destination, key }) => ({
        name,
        take: (passed, ending) => destination.stage(nameOf(key), passed, { signal: ending }),
        letGo: discard,
      })),
      { signal: ends }
    );
    const taken = await Promise.all(taking);
    signal.throwIfAborted();
    const own = counter.digest();
    const differs = own.bytes !== sealed.bytes || own.sha256 !== sealed.sha256;
    return await Promise.all(
      copies.map(async ({ key }, at): Promise<ReceivedBeside> => {
        const end = taken[at] ?? { error: new Error('no destination has read it') };
        if ('error' in end) return { why: because(end.error), isAtOne: true };
        if (!differs) return { staged: end.taken, record: { key: nameOf(key), ...own } };
        await discard(end.taken);
        return { why: 'it differs from the one that the helper wrote', isAtOne: false };
      })
    );
  } catch (error) {
    signal.throwIfAborted();
    return copies.map(() => ({ why: because(error), isAtOne: false }));
  } finally {
    clearTimeout(timer);
  }
}
