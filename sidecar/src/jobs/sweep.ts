import type { Pod, Pods } from '../cluster/gateway/pods.ts';
import { textOf } from '../errors.ts';
import { helperSelector, RUN_LABEL } from '../helper/names.ts';
import type { Log } from '../log.ts';

export interface SweepOptions {
  pods: Pick<Pods, 'withLabels' | 'remove'>;
  /** @returns how many temporaries of this installation were deleted, at all destinations that answer. */
  sweepDestinations(): Promise<number>;
  /** Only what this installation has left is touched. */
  installation: string;
  /** @returns whether a run is under way: its helper and its temporary stay. */
  isUnderWay(runId: string): boolean;
  log: Log;
}

/** Deletions asked for at once: few next to what backups ask of the API server. */
const TOGETHER = 8;

/**
 * @returns what deletes everything that no run owns any more: helper pods that could not be deleted, or whose creation
 * was never answered, and temporary files. Anything that cannot be deleted is logged once, and the next sweep tries again;
 * it delays nothing else. It never throws.
 */
export function sweeperOf(options: SweepOptions): () => Promise<void> {
  const { log } = options;
  /** The last log entry of each pod, so that the same one is not logged every five minutes. */
  let said = new Map<string, string>();

  const sweepPods = async (): Promise<void> => {
    const helpers = await options.pods.withLabels(helperSelector(options.installation));
    const left = helpers.filter(
      ({ metadata }) => !options.isUnderWay(metadata?.labels?.[RUN_LABEL] ?? '')
    );
    const before = said;
    said = new Map();
    const say = (pod: Pod, sentence: string): void => {
      const { uid = '', namespace, name } = pod.metadata ?? {};
      if (before.get(uid) !== sentence) log.warn({ namespace, pod: name }, sentence);
      said.set(uid, sentence);
    };
    await eachOf(TOGETHER, left, async pod => {
      const { namespace = '', name = '', uid, deletionTimestamp } = pod.metadata ?? {};
      try {
        // By its UID: the next attempt may have made another pod of that name meanwhile.
        await options.pods.remove(namespace, name, uid === undefined ? undefined : { uid });
        say(
          pod,
          deletionTimestamp
            ? 'a helper pod that no run owns is still terminating'
            : 'a helper pod that no run owns was asked to stop'
        );
      } catch (error) {
        say(pod, `a helper pod that no run owns could not be deleted: ${textOf(error)}`);
      }
    });
  };

  const sweepTemporaries = async (): Promise<void> => {
    const swept = await options.sweepDestinations();
    if (swept) log.warn({ swept }, 'temporary files that no run owns were removed');
  };

  return async () => {
    await Promise.all([
      sweepPods().catch(error =>
        log.warn({}, `helper pods that no run owns could not be listed: ${textOf(error)}`)
      ),
      sweepTemporaries().catch(error =>
        log.warn({}, `temporary files could not be removed: ${textOf(error)}`)
      ),
    ]);
  };
}

/** Does `work` for each item, at most `together` at once. */
async function eachOf<T>(
  together: number,
  items: readonly T[],
  work: (item: T) => Promise<void>
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: together }, async () => {
      for (const item of left) await work(item);
    })
  );
}
