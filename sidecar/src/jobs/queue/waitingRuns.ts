import type { RunChange, RunRecord } from '../../history/history.ts';
import type { Target } from '../job.ts';
import { isSameClaim } from './conflicts.ts';
import { Lanes } from './lanes.ts';

/** The runs that wait to start; some not before the time of their next attempt. */
export interface WaitingRuns {
  /**
   * @param delayMs how long it may not start
   * @param isPause it waits for something that may be there sooner; see `hurry`
   */
  add(run: RunRecord, delayMs?: number, isPause?: boolean): void;
  /** Ends the delays of the runs that wait for something that may be there now. */
  hurry(): void;
  get(id: string): RunRecord | undefined;
  all(): RunRecord[];
  /** Does nothing to a run that does not wait. */
  change(id: string, change: RunChange): void;
  remove(id: string): void;
  /** @returns the runs of one claim that wait; see `isSameClaim`. */
  ofClaim(claim: Target): RunRecord[];
  /** Whether it waits for the time of its next attempt. */
  isDelayed(id: string): boolean;
  readonly lanes: Lanes<RunRecord>;
  readonly size: number;
  /** No delay ends any more. */
  stop(): void;
}

/** @param onReady is called whenever a delay has ended. */
export function waitingRuns(onReady: () => void): WaitingRuns {
  const runs = new Map<string, RunRecord>();
  const byName = new Map<string, Set<string>>();
  const delays = new Map<string, NodeJS.Timeout>();
  const lanes = new Lanes<RunRecord>();
  const pauses = new Set<string>();
  let isStopped = false;

  const put = (run: RunRecord): void => {
    runs.set(run.id, run);
    lanes.add(run);
    byName.set(nameOf(run), (byName.get(nameOf(run)) ?? new Set()).add(run.id));
  };
  const drop = (run: RunRecord): void => {
    runs.delete(run.id);
    lanes.remove(run);
    const ofName = byName.get(nameOf(run));
    ofName?.delete(run.id);
    if (ofName?.size === 0) byName.delete(nameOf(run));
  };

  return {
    add(run, delayMs = 0, isPause = false) {
      put(run);
      if (delayMs <= 0 || isStopped) return;
      const timer = setTimeout(() => {
        delays.delete(run.id);
        pauses.delete(run.id);
        onReady();
      }, delayMs);
      delays.set(run.id, timer);
      if (isPause) pauses.add(run.id);
    },

    hurry() {
      for (const id of pauses) {
        clearTimeout(delays.get(id));
        delays.delete(id);
      }
      const isAny = pauses.size > 0;
      pauses.clear();
      if (isAny) onReady();
    },

    get: id => runs.get(id),
    all: () => [...runs.values()],

    change(id, change) {
      const run = runs.get(id);
      if (!run) return;
      drop(run);
      put({ ...run, ...change });
    },

    remove(id) {
      const run = runs.get(id);
      if (run) drop(run);
      clearTimeout(delays.get(id));
      delays.delete(id);
      pauses.delete(id);
    },

    ofClaim: claim =>
      [...(byName.get(nameOf(claim)) ?? [])]
        .flatMap(id => runs.get(id) ?? [])
        .filter(run => isSameClaim(run, claim)),
    isDelayed: id => delays.has(id),
    lanes,
    get size() {
      return runs.size;
    },

    stop() {
      isStopped = true;
      delays.forEach(timer => clearTimeout(timer));
    },
  };
}

const nameOf = ({ namespace, name }: Pick<Target, 'namespace' | 'name'>) => `${namespace}/${name}`;
