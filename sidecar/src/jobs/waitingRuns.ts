import type { Backup } from '../../api/index.ts';

/** The runs that wait to start, in the order in which they came; some not before the time of their next attempt. */
export interface WaitingRuns {
  /** @param delayMs how long it may not start. */
  add(run: Backup, delayMs?: number): void;
  get(id: string): Backup | undefined;
  /** Does nothing to a run that does not wait. */
  change(id: string, change: Partial<Backup>): void;
  remove(id: string): void;
  all(): Backup[];
  /** @returns those that may start now. */
  ready(): Backup[];
  /** No delay ends any more. */
  stop(): void;
}

/** @param onReady is called whenever a delay has ended. */
export function waitingRuns(onReady: () => void): WaitingRuns {
  const runs = new Map<string, Backup>();
  const delays = new Map<string, NodeJS.Timeout>();
  let isStopped = false;
  return {
    add(run, delayMs = 0) {
      runs.set(run.id, run);
      if (delayMs <= 0 || isStopped) return;
      const timer = setTimeout(() => {
        delays.delete(run.id);
        onReady();
      }, delayMs);
      delays.set(run.id, timer);
    },

    get: id => runs.get(id),

    change(id, change) {
      const run = runs.get(id);
      if (run) runs.set(id, { ...run, ...change });
    },

    remove(id) {
      runs.delete(id);
      clearTimeout(delays.get(id));
      delays.delete(id);
    },

    all: () => [...runs.values()],
    ready: () => [...runs.values()].filter(({ id }) => !delays.has(id)),

    stop() {
      isStopped = true;
      delays.forEach(timer => clearTimeout(timer));
    },
  };
}
