import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import type { Pods } from '../cluster/gateway/pods.ts';
import type { FollowPod } from '../cluster/watch/podChanges.ts';
import { StageError, textOf } from '../errors.ts';
import { withPauses } from './pauses.ts';

const LOOK_MS = 250;
/** A deletion under way needs no second request; the first one may have been lost. */
const ASK_AGAIN_MS = 2_000;
const GONE_MS = 30_000;

/**
 * Deletes a helper pod and waits until it is gone.
 * @param uid of the pod that is meant: another one of its name stays.
 * @throws StageError (stage `cleanup`) when the API server refuses or the pod stays.
 */
export async function removeHelper(
  pods: Pods,
  namespace: string,
  pod: string,
  uid: string,
  {
    lookMs = LOOK_MS,
    goneMs = GONE_MS,
    follow,
  }: {
    lookMs?: number | undefined;
    goneMs?: number | undefined;
    follow?: FollowPod | undefined;
  } = {}
): Promise<void> {
  const until = Date.now() + goneMs;
  let askAt = 0;
  let last = 'it is still terminating';
  const isGone = await withPauses(follow, { namespace, pod }, async pause => {
    do {
      try {
        if (Date.now() >= askAt) {
          await pods.remove(namespace, pod, { uid });
          askAt = Date.now() + ASK_AGAIN_MS;
        }
        const seen = await pods.get(namespace, pod);
        if (seen?.metadata?.uid !== uid) return true;
      } catch (error) {
        last = textOf(error);
        if (error instanceof StageError) return false; // the address leads to another cluster
        if (error instanceof ApiFailure && error.kind === 'refused') return false; // asking again gives no right
      }
      await pause(lookMs);
    } while (Date.now() < until);
    return false;
  });
  if (isGone) return;
  throw new StageError(
    'cleanup',
    'HelperLeft',
    `helper pod ${namespace}/${pod} could not be deleted: ${last}`,
    `delete it with kubectl delete pod ${pod} -n ${namespace}; NKVM tries again every five minutes`,
    'unknown'
  );
}
