import type { History, RunRecord } from '../history/history.ts';

/** A run, and the cluster that it is of. */
export interface FoundRun {
  run: RunRecord;
  /** Undefined: NKVM's own. */
  cluster: string | undefined;
}

/**
 * The histories of all clusters, each in a file of its own: a search for runs by names of namespaces and claims can find those
 * of one cluster only. Code for several clusters asks here.
 */
export interface Histories {
  /** @param cluster undefined: NKVM's own. @returns what takes it out again; to be called before it is closed. */
  add(cluster: string | undefined, history: Pick<History, 'get' | 'unfinished'>): () => void;
  /** Ids of runs are unique over all clusters. */
  find(id: string): FoundRun | undefined;
  /** @returns runs that have not ended, of all clusters. */
  unfinished(): RunRecord[];
}

export function histories(): Histories {
  const all = new Set<{
    cluster: string | undefined;
    history: Pick<History, 'get' | 'unfinished'>;
  }>();
  return {
    add(cluster, history) {
      const one = { cluster, history };
      all.add(one);
      return () => void all.delete(one);
    },
    find(id) {
      for (const { cluster, history } of all) {
        const run = history.get(id);
        if (run) return { run, cluster };
      }
      return undefined;
    },
    unfinished: () => [...all].flatMap(({ history }) => history.unfinished()),
  };
}
