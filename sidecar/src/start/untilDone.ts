import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../errors.ts';
import type { Log } from '../log.ts';

export interface UntilDoneOptions {
  /** The task, for the log: "… failed, and NKVM tries again". */
  name: string;
  /** Milliseconds between the end of one try and the next. */
  retryMs: number;
  /** Ends the tries. */
  signal: AbortSignal;
  log: Pick<Log, 'error'>;
}

/**
 * Does `work` until it succeeds. A failure is logged, once as long as it stays the same.
 * @throws the signal's reason.
 */
export async function untilDone<T>(
  { name, retryMs, signal, log }: UntilDoneOptions,
  work: () => Promise<T>
): Promise<T> {
  let said: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const why = textOf(error);
      if (why !== said) log.error({}, `${name} failed, and NKVM tries again: ${why}`);
      said = why;
    }
    await sleep(retryMs, undefined, { signal }).catch(() => undefined);
  }
}
