import { errorMonitor } from 'node:events';
import type { Readable } from 'node:stream';
import type { Stage } from '../../../api/index.ts';
import type { Call, Destination, Staged } from '../destination.ts';
import type { DirectSender } from '../direct.ts';
import { isOtherwise } from '../direct.ts';
import { blame } from './blame.ts';
import type { CallKind } from './breaker.ts';
import { scrubbedError } from './scrub.ts';

/** The observer of the calls to a destination. */
export interface Observer {
  /** A call begins. @throws StageError when the destination is closed. */
  begins(stage: Stage): void;
  /** All calls have ended, streams included. */
  ended(): void;
  /** A call worked that no storage answers by itself, without a server. */
  succeeded(kind: CallKind): void;
  /** @param blamed what it says of the destination */
  failed(kind: CallKind, blamed: 'outage' | 'fault', error: unknown): void;
  /** Texts that no error may have in it. */
  secrets: readonly string[];
}

/** A destination that tells how its calls end. */
export function observed(to: Destination, observer: Observer): Destination {
  /** @param senderError what the body of `stage` broke off with */
  const note = (
    kind: CallKind,
    error: unknown,
    { signal }: Call,
    senderError?: unknown
  ): unknown => {
    const blamed = blame({ error, isStopped: signal?.aborted === true, senderError });
    const clean = scrubbedError(error, observer.secrets);
    if (blamed !== 'none') observer.failed(kind, blamed, clean);
    return clean;
  };

  async function watched<T>(
    kind: CallKind,
    stage: Stage,
    call: Call,
    run: () => Promise<T>,
    proves: (result: T) => boolean = () => true
  ): Promise<T> {
    observer.begins(stage);
    try {
      const result = await run();
      if (proves(result)) observer.succeeded(kind);
      return result;
    } catch (error) {
      throw note(kind, error, call);
    } finally {
      observer.ended();
    }
  }

  /** A body is a call that has not ended. `errorMonitor` leaves the error to the reader. */
  const follow = <R extends Readable>(body: R, call: Call): R => {
    observer.begins('checksum');
    body.once(errorMonitor, (error: unknown) => void note('read', error, call));
    body.once('close', observer.ended);
    return body;
  };

  /** A staged archive is in use until it is published or discarded. */
  const followStaged = (staged: Staged): Staged => {
    let isOver = false;
    const over = () => {
      if (!isOver) observer.ended();
      isOver = true;
    };
    return {
      ...staged,
      confirm: (one = {}) => watched('read', 'checksum', one, () => staged.confirm(one), isSaid),
      readBack: (one = {}) =>
        watched('read', 'checksum', one, async () => {
          const back = await staged.readBack(one);
          return { ...back, body: follow(back.body, one) };
        }),
      publish: (one = {}) =>
        watched('write', 'publish', one, () => staged.publish(one)).finally(over),
      discard: (one = {}) =>
        watched('write', 'cleanup', one, () => staged.discard(one), never).finally(over),
    };
  };

  const { stageDirect, readDirect } = to;
  return {
    ...to,
    ...(readDirect && {
      readDirect: (keys, call = {}) =>
        watched('read', 'checksum', call, () => readDirect(keys, call)),
    }),
    async stage(key, body, call = {}) {
      let senderError: unknown = body.errored ?? undefined;
      body.once(errorMonitor, error => (senderError ??= error));
      try {
        observer.begins('copy');
      } catch (error) {
        body.destroy();
        throw error;
      }
      try {
        // `publish` tells whether it was of any use
        return followStaged(await to.stage(key, body, call));
      } catch (error) {
        observer.ended();
        throw note('write', error, call, senderError);
      }
    },
    ...(stageDirect && {
      async stageDirect(key, sender, call = {}) {
        let senderError: unknown;
        observer.begins('copy');
        const watchedSender: DirectSender = {
          send: (...words) =>
            sender.send(...words).catch((error: unknown) => {
              senderError = error;
              throw error;
            }),
        };
        try {
          const staged = await stageDirect(key, watchedSender, call);
          if (!isOtherwise(staged)) return followStaged(staged);
          observer.ended();
          return staged;
        } catch (error) {
          observer.ended();
          throw note('write', error, call, senderError);
        }
      },
    }),
    put: (key, text, call = {}) => watched('write', 'publish', call, () => to.put(key, text, call)),
    stat: (key, call = {}) => watched('read', 'checksum', call, () => to.stat(key, call)),
    open: (key, call = {}) =>
      watched('read', 'checksum', call, async () => follow(await to.open(key, call), call)),
    async *list(listing = {}) {
      observer.begins('checksum');
      try {
        yield* to.list(listing);
        observer.succeeded('read');
      } catch (error) {
        throw note('read', error, listing);
      } finally {
        observer.ended();
      }
    },
    remove: (key, call = {}) => watched('write', 'cleanup', call, () => to.remove(key, call)),
    sweep: (call = {}) => watched('write', 'cleanup', call, () => to.sweep(call)),
    freeBytes: (call = {}) => watched('read', 'copy', call, () => to.freeBytes(call), isSaid),
  };
}

/** A storage that cannot tell says so without asking its server. */
const isSaid = (answer: unknown): boolean => answer !== undefined;

/** To discard what is gone already is no call. */
const never = (): boolean => false;
