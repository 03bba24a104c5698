import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../errors.ts';
import type { Log } from '../log.ts';

/** Something that the process starts, and stops when it ends. */
export interface Part<T> {
  name: string;
  /**
   * @param signal is aborted when the process receives a signal to stop meanwhile.
   * @param say takes what it is waiting for, as a sentence.
   */
  start(signal: AbortSignal, say: (why: string) => void): T | Promise<T>;
  stop?(started: T): unknown;
  /** How long `stop` may take until the parts before it are stopped all the same. */
  stopLimitMs?: number;
}

/** The parts of a process, in the order in which they were started. */
export interface Lifecycle {
  /** @returns what the part's `start` gives. @throws its error, or `Stopping` when the process receives a signal to stop. */
  start<T>(part: Part<T>): Promise<T>;
  /** @returns what the part that starts now is waiting for, or that the process is stopping, as a sentence. */
  waitsFor(): string;
  /** Aborted when the process receives a signal to stop. */
  readonly signal: AbortSignal;
  /**
   * Stops every part that was started, or is starting, the last one first. A stop that fails or takes too long is logged,
   * and the next part is stopped. Never throws.
   */
  stop(): Promise<void>;
}

/** The reason with which a start ends when the process receives a signal to stop. */
export class Stopping extends Error {
  constructor() {
    super('NKVM is stopping');
    this.name = 'Stopping';
  }
}

const STOP_LIMIT_MS = 3_000;

export function lifecycle(log: Pick<Log, 'error'>): Lifecycle {
  const stopping = new AbortController();
  const stops: (() => Promise<void>)[] = [];
  let waitsFor = 'NKVM is starting';
  let stopped: Promise<void> | undefined;

  const stopInTime = async <T>(part: Part<T>, started: Promise<T>): Promise<void> => {
    const limitMs = part.stopLimitMs ?? STOP_LIMIT_MS;
    const late = new AbortController();
    const limit = sleep(limitMs, 'late' as const, { signal: late.signal }).catch(() => undefined);
    try {
      // A part that could not start has nothing to stop; `start` has told why.
      const isStarted = started.then(
        () => true,
        () => false
      );
      const stop = async () => void ((await isStarted) && (await part.stop?.(await started)));
      if ((await Promise.race([stop(), limit])) === 'late')
        throw new Error(`took over ${limitMs} ms`);
    } catch (error) {
      log.error(
        { part: part.name },
        `${part.name} could not be stopped in order: ${textOf(error)}`
      );
    } finally {
      late.abort();
    }
  };

  const stopAll = async (): Promise<void> => {
    for (const stop of stops.reverse()) await stop();
  };

  return {
    async start(part) {
      stopping.signal.throwIfAborted();
      waitsFor = `NKVM is starting: ${part.name}`;
      const say = (why: string): void => void (waitsFor = `NKVM is starting: ${why}`);
      const started = (async () => await part.start(stopping.signal, say))();
      stops.push(() => stopInTime(part, started));
      return await Promise.race([started, rejectionOf(stopping.signal)]);
    },
    waitsFor: () => (stopping.signal.aborted ? 'NKVM is stopping' : waitsFor),
    signal: stopping.signal,
    stop() {
      stopping.abort(new Stopping());
      return (stopped ??= stopAll());
    },
  };
}

/** @returns what rejects when the signal is aborted, and never resolves. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}
