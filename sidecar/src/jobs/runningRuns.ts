import type { RunRecord } from '../history/history.ts';
import type { Target } from './job.ts';
import { isSameClaim } from './queue/conflicts.ts';

/** A run under way. */
export interface RunningRun {
  run: RunRecord;
  /** Node that its helper must run on; null: any. */
  node: string | null;
  abort: AbortController;
  /** Never rejects. */
  ended: Promise<void>;
}

/** The runs under way, by id. */
export class RunningRuns extends Map<string, RunningRun> {
  /** @returns how many of each namespace there are. */
  perNamespace(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { run } of this.values()) {
      counts.set(run.namespace, (counts.get(run.namespace) ?? 0) + 1);
    }
    return counts;
  }

  onNode(node: string): number {
    return [...this.values()].filter(each => each.node === node).length;
  }

  /** See `isSameClaim`. */
  ofClaim(claim: Target): RunningRun[] {
    return [...this.values()].filter(({ run }) => isSameClaim(run, claim));
  }
}
