import { setTimeout as sleep } from 'node:timers/promises';
import { apiMessageOf } from './connection.ts';
import type { Lease } from './leases.ts';

export interface HoldOptions {
  /** Who we are, e.g. the name of the pod: after a crash the same pod goes on at once. */
  holder: string;
  durationMs: number;
  /** Between two looks, and between two renewals. */
  everyMs: number;
  /** Is told, once for each reason, why we wait. */
  onWait(why: string): void;
  /** The Lease is lost, or could not be renewed in time: somebody else may write now, so this process must not. */
  onLost(why: string): void;
  /** Milliseconds that never step back. */
  now(): number;
  signal?: AbortSignal;
}

/** A Lease that we hold. */
export interface HeldLease {
  /** Gives it back, so that the next holder need not wait. Never throws. */
  release(): Promise<void>;
}

/**
 * Waits until nobody else holds the Lease, takes it, and keeps it.
 *
 * A holder is gone when its Lease did not change for as long as it says, seen by our own clock: clocks of different
 * nodes are never compared. We give up ours a whole look earlier than others may take it.
 *
 * @throws the signal's reason.
 */
export async function holdLease(lease: Lease, options: HoldOptions): Promise<HeldLease> {
  const { holder, durationMs, everyMs, now, signal } = options;
  const record = { holder, durationSeconds: Math.ceil(durationMs / 1000) };
  let version = await taken(lease, record, options);
  let renewedAt = now();
  let isOver = false;
  const stop = new AbortController();

  const lost = (why: string): void => {
    if (isOver) return;
    isOver = true;
    stop.abort();
    options.onLost(why);
  };

  const renew = async (): Promise<void> => {
    const began = now();
    const next = await lease.write(record, version);
    if (next !== undefined) {
      version = next;
      renewedAt = began;
      return;
    }
    const seen = await lease.read();
    if (seen?.holder === holder) version = seen.version; // our own write, whose answer was lost
    else if (seen === undefined) lost(`Lease ${lease.name} was deleted`);
    else lost(`${seen.holder || 'somebody else'} has taken Lease ${lease.name}`);
  };

  const keep = async (): Promise<void> => {
    while (!isOver) {
      await sleep(everyMs, undefined, { signal: stop.signal });
      const why = await renew().then(
        () => undefined,
        error => apiMessageOf(error)
      );
      const silentMs = now() - renewedAt;
      if (silentMs > durationMs - 2 * everyMs) {
        lost(`Lease ${lease.name} was not renewed for ${Math.round(silentMs / 1000)} s: ${why}`);
      }
    }
  };
  keep().catch(() => undefined); // ends by `stop`
  signal?.throwIfAborted();

  return {
    async release() {
      if (isOver) return;
      isOver = true;
      stop.abort();
      await lease.write({ ...record, holder: '' }, version).catch(() => undefined);
    },
  };
}

/** @returns the version of the Lease, once it is ours. */
async function taken(
  lease: Lease,
  record: { holder: string; durationSeconds: number },
  { everyMs, onWait, now, signal }: HoldOptions
): Promise<string> {
  let seenVersion: string | undefined;
  let seenAt = now();
  let said: string | undefined;
  const say = (why: string): void => {
    if (why !== said) onWait(why);
    said = why;
  };
  for (;;) {
    try {
      const seen = await lease.read();
      if (seen?.version !== seenVersion) {
        seenVersion = seen?.version;
        seenAt = now();
      }
      const isFree =
        !seen?.holder ||
        seen.holder === record.holder ||
        now() - seenAt > seen.durationSeconds * 1000;
      if (isFree) {
        const version = await lease.write(record, seen?.version);
        if (version !== undefined) return version;
      } else say(`${seen.holder} holds Lease ${lease.name}`);
    } catch (error) {
      say(`Lease ${lease.name} cannot be had: ${apiMessageOf(error)}`);
    }
    await sleep(everyMs, undefined, { signal });
  }
}
