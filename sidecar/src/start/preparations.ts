import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { untilDone } from './untilDone.ts';

/** Work to do after a start, before runs may start. */
export interface Preparations {
  /** Whether the service may be used: everything is done, or has taken longer than callers should wait. */
  isReady(): boolean;
  /** @returns a sentence on what is not done yet; none when all is. */
  left(): string[];
}

export interface PreparationsOptions {
  signal: AbortSignal;
  log: Pick<Log, 'info' | 'error'>;
  /** Called when all is done. */
  onDone(): void;
  /** Milliseconds after which the service may be used all the same; requests are then queued. */
  patienceMs?: number;
  retryMs?: number;
}

const PATIENCE_MS = 60_000;
const RETRY_MS = 5_000;

/**
 * Does the steps one after the other, each until it succeeds, however long that takes: the storage or the API server may
 * be away. The caller does not wait.
 * @param steps by what each looks at, e.g. "the archives at the destination".
 */
export function preparations(
  steps: Readonly<Record<string, () => Promise<unknown>>>,
  { signal, log, onDone, patienceMs = PATIENCE_MS, retryMs = RETRY_MS }: PreparationsOptions
): Preparations {
  const left = Object.keys(steps);
  let isLate = false;

  const work = async (): Promise<void> => {
    for (const [name, step] of Object.entries(steps)) {
      await untilDone({ name: `checking ${name}`, retryMs, signal, log }, step);
      log.info({}, `checked ${name}`);
      left.shift();
    }
    onDone();
  };
  work().catch(error => {
    if (!signal.aborted) log.error({}, `no run will start: ${textOf(error)}`);
  });
  sleep(patienceMs, undefined, { signal, ref: false })
    .then(() => (isLate = true))
    .catch(() => undefined);

  return {
    isReady: () => isLate || left.length === 0,
    left: () => (left[0] === undefined ? [] : [`NKVM is still checking ${left[0]}`]),
  };
}
