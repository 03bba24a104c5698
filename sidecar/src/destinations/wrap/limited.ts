import type { Readable } from 'node:stream';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { Call, Destination, Staged, StoredBytes } from '../destination.ts';
import { isOtherwise } from '../direct.ts';

/** How long a call may take to end by itself after its caller stopped it, so that nothing is left. */
const GRACE_MS = 2_000;

/** A call that hangs in the kernel holds one of the few threads of this process: with so many, no further one is made. */
const MAX_HUNG = 2;

/** A server that computes a checksum reads the whole archive for it: a slow disk gives 10 MB/s. */
const SUM_BYTES_PER_MS = 10_000;

/** S3 puts thousands of parts together, and rsync may send the archive only now: that takes minutes. */
const FAR_PUBLISH_MS = 15 * 60_000;

/** How long an answer of `freeBytes` is good for. */
const FREE_BYTES_MS = 5_000;

/**
 * A destination every call of which ends: after `limitMs`, or soon after its caller stopped it. Storage over a network
 * can hang for as long as its server is unavailable.
 *
 * A stream into or out of the storage may take longer. `stage` ends soon after its signal, which belongs to a limit of
 * the caller's, and so does a body.
 */
export function limited(to: Destination, limitMs: number): Destination {
  const hung = new Set<Promise<unknown>>();
  const publishLimitMs = to.isNear ? limitMs : Math.max(limitMs, FAR_PUBLISH_MS);

  const refuse = (stage: Stage, what: string, why: string) =>
    new StageError(
      stage,
      'DestinationTimedOut',
      `destination ${to.location} ${why} (${what})`,
      'check that the storage answers, e.g. its server and the network; NKVM tries again',
      'transient'
    );

  /** Runs one call. @param ms its limit; Infinity: as long as its caller wants it */
  async function bound<T>(
    [stage, what]: readonly [Stage, string],
    ms: number,
    { signal }: Call,
    run: (call: Call) => Promise<T>,
    tooLate?: (late: T) => void
  ): Promise<T> {
    signal?.throwIfAborted();
    if (hung.size >= MAX_HUNG)
      throw refuse(stage, what, 'does not answer: earlier calls have not returned yet');
    const stop = new AbortController();
    const running = run({ signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal });
    let [limit, grace, whenStopped]: [NodeJS.Timeout?, NodeJS.Timeout?, (() => void)?] = [];
    const gaveUp = new Promise<never>((_resolve, reject) => {
      if (ms !== Infinity) {
        limit = setTimeout(() => {
          reject(refuse(stage, what, `did not answer within ${ms / 1000} s`));
          stop.abort();
        }, ms);
      }
      whenStopped = () => {
        grace = setTimeout(() => reject(signal?.reason), Math.min(GRACE_MS, ms));
      };
      signal?.addEventListener('abort', whenStopped);
    });
    try {
      return await Promise.race([running, gaveUp]);
    } catch (error) {
      const settled = running.then(tooLate, () => undefined);
      hung.add(settled);
      void settled.finally(() => hung.delete(settled));
      throw error;
    } finally {
      if (whenStopped) signal?.removeEventListener('abort', whenStopped);
      clearTimeout(limit);
      clearTimeout(grace);
    }
  }

  const letGo = ({ body }: StoredBytes) => body.destroy();

  const limitedStaged = (staged: Staged, key: string): Staged => ({
    bytes: staged.bytes,
    stored: staged.stored,
    confirm: (call = {}) =>
      bound(
        ['checksum', `ask for the checksum of ${key}`],
        limitMs + staged.bytes / SUM_BYTES_PER_MS,
        call,
        one => staged.confirm(one)
      ),
    readBack: (call = {}) =>
      bound(['checksum', `read back ${key}`], limitMs, call, one => staged.readBack(one), letGo),
    publish: (call = {}) =>
      bound(['publish', `publish ${key}`], publishLimitMs, call, one => staged.publish(one)),
    discard: (call = {}) =>
      bound(['cleanup', `delete the temporary of ${key}`], limitMs, call, one =>
        staged.discard(one)
      ),
  });

  let free: { at: number; bytes: number | undefined } | undefined;
  /** A call under way. It stays until it has returned, so that a storage that hangs costs one thread and no more. */
  let asking: Promise<number | undefined> | undefined;
  const askFreeBytes = () => {
    const answer = to.freeBytes();
    const settled = () => (asking = undefined);
    answer.then(settled, settled);
    return bound(['copy', 'ask for free space'], limitMs, {}, () => answer).then(bytes => {
      free = { at: performance.now(), bytes };
      return bytes;
    });
  };

  const { stageDirect, readDirect } = to;
  return {
    ...to,
    ...(readDirect && {
      readDirect: (keys, call = {}) =>
        bound(['checksum', `look at ${keys.at(-1)}`], limitMs, call, one => readDirect(keys, one)),
    }),
    ...(stageDirect && {
      async stageDirect(key, sender, call = {}) {
        const staged = await bound(['copy', `store ${key}`], Infinity, call, one =>
          stageDirect(key, sender, { ...call, ...one })
        );
        return isOtherwise(staged) ? staged : limitedStaged(staged, key);
      },
    }),
    async stage(key, body, call = {}) {
      try {
        const staged = await bound(['copy', `store ${key}`], Infinity, call, one =>
          to.stage(key, body, { ...call, ...one })
        );
        return limitedStaged(staged, key);
      } catch (error) {
        body.destroy();
        throw error;
      }
    },
    put: (key, text, call = {}) =>
      bound(['publish', `store ${key}`], limitMs, call, one => to.put(key, text, one)),
    stat: (key, call = {}) =>
      bound(['checksum', `look at ${key}`], limitMs, call, one => to.stat(key, one)),
    open: (key, { range, signal } = {}) =>
      bound(
        ['checksum', `open ${key}`],
        limitMs,
        { signal },
        one => to.open(key, { ...one, range }),
        (late: Readable) => late.destroy()
      ),
    async *list(listing = {}) {
      const pages = to.list(listing)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const { value, done } = await bound(['checksum', 'list'], limitMs, listing, () =>
            pages.next()
          );
          if (done) return;
          yield value;
        }
      } finally {
        // Behind a call that hangs, this would hang as well.
        void Promise.resolve(pages.return?.()).catch(() => undefined);
      }
    },
    remove: (key, call = {}) =>
      bound(['cleanup', `delete ${key}`], limitMs, call, one => to.remove(key, one)),
    sweep: (call = {}) =>
      bound(['cleanup', 'delete temporaries'], limitMs, call, one => to.sweep(one)),
    /** For everybody who asks meanwhile it is one call; the answer is good for a few seconds. */
    async freeBytes({ signal } = {}) {
      signal?.throwIfAborted();
      if (free && performance.now() - free.at < FREE_BYTES_MS) return free.bytes;
      return await (asking ??= askFreeBytes());
    },
  };
}
