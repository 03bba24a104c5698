import type { Availability } from '../cluster/gateway/availability.ts';
import { textOf } from '../errors.ts';
import type { History } from '../history/history.ts';
import type { Queue } from '../jobs/queue/queue.ts';
import type { Log } from '../log.ts';
import type { ClusterProblem } from './problem.ts';

/** The runs of one cluster. */
export interface RunsOfCluster {
  history: Pick<History, 'unfinished' | 'commit' | 'get'>;
  runs: { queue: Pick<Queue, 'cancel' | 'fail'> };
  gateway: { availability: Pick<Availability, 'isAway' | 'reason'> };
  log: Pick<Log, 'warn'>;
}

/** Cancels every run of a cluster that is not used any more, and says why in each. Never throws. */
export async function cancelRuns(
  { history, runs, log }: Pick<RunsOfCluster, 'history' | 'runs' | 'log'>,
  { reason, message: why, hint }: ClusterProblem
): Promise<void> {
  const cancel = async (id: string): Promise<void> => {
    try {
      const { status } = await runs.queue.cancel(id);
      if (status !== 'cancelled') return;
      await history.commit(id, { message: `cancelled, because ${why}`, reason, hint });
    } catch (error) {
      log.warn({ run: id }, `a run could not be cancelled: ${textOf(error)}`);
    }
  };
  await Promise.all(history.unfinished().map(({ id }) => cancel(id)));
}

/**
 * @param limitMs how long the API server may not answer
 * @param now in milliseconds, never going back
 * @returns a look, to be called now and then, which fails the runs that wait for an API server that has not answered for too long.
 *   It never throws.
 */
export function failAfterAbsence(
  cluster: string,
  { history, runs, gateway, log }: RunsOfCluster,
  limitMs: number,
  now: () => number = () => performance.now()
): () => Promise<void> {
  let awaySince: number | undefined;
  return async () => {
    if (!gateway.availability.isAway()) {
      awaySince = undefined;
      return;
    }
    awaySince ??= now();
    if (now() - awaySince < limitMs) return;
    const why = {
      reason: 'ClusterUnreachable',
      message: `cluster ${cluster} has not answered for ${Math.round(limitMs / 1000)} s: ${
        gateway.availability.reason() ?? 'no details'
      }`,
      hint: `see whether the API server of cluster ${cluster} can be reached from NKVM, then start it again`,
      failureClass: 'transient' as const,
    };
    const waiting = history.unfinished().filter(({ status }) => status === 'queued');
    await Promise.all(waiting.map(({ id }) => runs.queue.fail(id, why))).catch(error =>
      log.warn({}, `runs that wait for the cluster could not be ended: ${textOf(error)}`)
    );
  };
}
