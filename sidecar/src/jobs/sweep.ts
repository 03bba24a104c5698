import type { Pods } from '../cluster/pods.ts';
import type { Destination } from '../destinations/destination.ts';
import { textOf } from '../errors.ts';
import { removeHelper } from '../helper/helper.ts';
import { helperSelector, RUN_LABEL } from '../helper/names.ts';
import type { Log } from '../log.ts';

export interface SweepOptions {
  pods: Pods;
  destination: Destination;
  /** Only what this installation has left is touched. */
  installation: string;
  /** @returns whether a run is under way: its helper and its temporary stay. */
  isUnderWay(runId: string): boolean;
  log: Log;
}

/**
 * Takes away what no run owns any more: helper pods that could not be deleted, or whose creation nobody heard of, and
 * temporary files. What cannot be taken away is logged, and left for the next time. Never throws.
 */
export async function sweep({
  pods,
  destination,
  installation,
  isUnderWay,
  log,
}: SweepOptions): Promise<void> {
  try {
    for (const pod of await pods.withLabels(helperSelector(installation))) {
      const { namespace = '', name = '', labels } = pod.metadata ?? {};
      if (isUnderWay(labels?.[RUN_LABEL] ?? '')) continue;
      await removeHelper(pods, namespace, name);
      log.warn({ namespace, pod: name }, 'a helper pod that no run owns was deleted');
    }
  } catch (error) {
    log.warn({}, `helper pods that no run owns could not all be deleted: ${textOf(error)}`);
  }
  try {
    const swept = await destination.sweep();
    if (swept) log.warn({ swept }, 'temporary files that no run owns were removed');
  } catch (error) {
    log.warn({}, `temporary files could not be removed: ${textOf(error)}`);
  }
}
