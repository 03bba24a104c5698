import { textOf } from '../../errors.ts';
import { type Fence, leaseLost } from '../../fence.ts';
import type { Lease, LeaseRecord } from './leases.ts';

export interface HoldOptions {
  /** The identity of this process, e.g. the name of the pod: after a crash the same pod continues at once. */
  holder: string;
  /** After so long without a renewal another process may take the Lease. */
  durationMs: number;
  /** We stop to write so long before that: a write that has begun must be over by then. */
  marginMs: number;
  /** Between two looks, and between the beginnings of two renewals; each call must take less. */
  everyMs: number;
  /** Called once for each reason why we wait. */
  onWait(why: string): void;
  /** Another process holds the Lease now: this one must end. */
  onLost(why: string): void;
  /** Milliseconds that never step back. */
  now(): number;
  /** Milliseconds of the wall clock: it also counts the time that a virtual machine was paused. */
  wallClock(): number;
  signal?: AbortSignal;
}

/** A Lease that we hold. */
export interface HeldLease extends Fence {
  /** False while it could not be renewed for too long: nobody has taken it yet, and a renewal makes this true again. */
  isHeld(): boolean;
  /** @param listener is called when `isHeld` changes. @returns what ends the calls. */
  onChange(listener: (isHeld: boolean) => void): () => void;
  /** Gives it back, so that the next holder need not wait. Never throws. */
  release(): Promise<void>;
}

/**
 * Waits until no other process holds the Lease, takes it, and keeps it.
 *
 * A holder is gone when its Lease did not change for as long as it says, seen by our own clock: clocks of different
 * nodes are never compared. Our own time counts from the beginning of the last renewal that succeeded, because the API
 * server may have carried it out at once; and it is looked at whenever somebody asks, so that neither calls that hang nor
 * a process that stood still can make it longer.
 *
 * When it cannot be renewed nothing ends: writers are refused until a renewal succeeds, which proves that nobody has
 * taken the Lease in between. Only another holder ends it.
 *
 * @throws the signal's reason.
 */
export async function holdLease(lease: Lease, options: HoldOptions): Promise<HeldLease> {
  const { holder, durationMs, marginMs, everyMs, now, wallClock } = options;
  const record = { holder, durationSeconds: Math.ceil(durationMs / 1000) };
  const clocks = (): Instant => ({ steady: now(), wall: wallClock() });
  const first = await taken(lease, record, options, clocks);
  let { version, began: renewed } = first;
  let failure = '';
  let end: string | undefined;
  let wasHeld = true;
  let expiry: NodeJS.Timeout | undefined;
  const listeners = new Set<(isHeld: boolean) => void>();
  const stop = new AbortController();

  const silentMs = (): number => Math.max(now() - renewed.steady, wallClock() - renewed.wall);
  const isHeld = (): boolean => end === undefined && silentMs() < durationMs - marginMs;

  /** Tells the listeners, and comes again when our time is over. */
  const tell = (): void => {
    clearTimeout(expiry);
    const held = isHeld();
    if (held) expiry = setTimeout(tell, durationMs - marginMs - silentMs()).unref();
    if (held === wasHeld) return;
    wasHeld = held;
    for (const listener of [...listeners]) listener(held);
  };

  const over = (why: string): void => {
    end ??= why;
    stop.abort();
    tell();
  };

  const renew = async (): Promise<void> => {
    for (;;) {
      const began = clocks();
      const next = await lease.write(record, version);
      if (end !== undefined) return;
      if (next !== undefined) {
        version = next;
        renewed = began;
        return;
      }
      const seen = await lease.read();
      if (end !== undefined) return;
      if (seen?.holder === holder) {
        version = seen.version; // our own write, whose answer was lost
      } else if (seen === undefined && isHeld()) {
        version = undefined; // it was deleted; the write fails when another process is faster
      } else {
        // A Lease that is free now may have been held, and given back, since our last renewal.
        over(`${seen?.holder || 'another process'} has taken Lease ${lease.name}`);
        return options.onLost(end ?? '');
      }
    }
  };

  const keep = async (): Promise<void> => {
    while (end === undefined) {
      const began = now();
      await renew().then(
        () => (failure = ''),
        error => (failure = textOf(error))
      );
      tell();
      await pause(Math.max(0, began + everyMs - now()), stop.signal);
    }
  };

  tell();
  pause(everyMs, stop.signal).then(keep);

  return {
    isHeld,
    assertHeld() {
      if (isHeld()) return;
      const why = failure && `: ${failure}`;
      throw leaseLost(
        end ?? `Lease ${lease.name} was not renewed for ${Math.round(silentMs() / 1000)} s${why}`
      );
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async release() {
      if (end !== undefined) return;
      over(`Lease ${lease.name} was released`);
      await lease.write({ ...record, holder: '' }, version).catch(() => undefined);
    },
  };
}

/** One moment on two clocks. */
interface Instant {
  steady: number;
  wall: number;
}

/** @returns the version of the Lease, once it is ours, and when the write that took it began. */
async function taken(
  lease: Lease,
  record: Omit<LeaseRecord, 'version'>,
  { everyMs, onWait, now, signal }: HoldOptions,
  clocks: () => Instant
): Promise<{ version: string | undefined; began: Instant }> {
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
        const began = clocks();
        const version = await lease.write(record, seen?.version);
        if (version !== undefined) return { version, began };
      } else say(`${seen.holder} holds Lease ${lease.name}`);
    } catch (error) {
      say(`Lease ${lease.name} cannot be taken: ${textOf(error)}`);
    }
    await pause(everyMs, signal);
    signal?.throwIfAborted();
  }
}

/** Ends early, without an error, when `signal` does. */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise(resolve => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    }
    signal?.addEventListener('abort', end);
  });
