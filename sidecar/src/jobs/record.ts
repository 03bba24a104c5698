import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../errors.ts';
import type { History, RunChange } from '../history/history.ts';
import type { Log } from '../log.ts';

export interface RecorderOptions {
  history: Pick<History, 'commit'>;
  log: Pick<Log, 'error'>;
  /** Milliseconds between two tries. */
  everyMs: number;
  /** Ends the tries. */
  signal: AbortSignal;
}

/**
 * Records a change of a run, and tries until the history takes it: a full disk must not leave a run that has ended as one
 * that is running. Meanwhile the run keeps its place, so that no other run starts which could not be recorded either.
 * @returns a function that throws the history's error once `signal` is aborted; then the next start decides.
 */
export const recorder =
  ({ history, log, everyMs, signal }: RecorderOptions) =>
  async (id: string, change: RunChange): Promise<void> => {
    for (;;) {
      try {
        await history.commit(id, change);
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        log.error(
          { run: id },
          `a run could not be recorded and NKVM tries again: ${textOf(error)}`
        );
        await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      }
    }
  };
