import { setTimeout as sleep } from 'node:timers/promises';
import { ApiFailure } from '../cluster/apiFailure.ts';
import type { Pods } from '../cluster/pods.ts';
import { StageError, textOf } from '../errors.ts';

const LOOK_MS = 250;
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
  }: { lookMs?: number | undefined; goneMs?: number | undefined } = {}
): Promise<void> {
  const until = Date.now() + goneMs;
  let last = 'it is still terminating';
  do {
    try {
      await pods.remove(namespace, pod, { uid });
      const seen = await pods.get(namespace, pod);
      if (seen?.metadata?.uid !== uid) return;
    } catch (error) {
      last = textOf(error);
      if (error instanceof ApiFailure && error.kind === 'refused') break; // asking again gives no right
    }
    await sleep(lookMs);
  } while (Date.now() < until);
  throw new StageError(
    'cleanup',
    'HelperLeft',
    `helper pod ${namespace}/${pod} could not be deleted: ${last}`,
    `delete it with kubectl delete pod ${pod} -n ${namespace}; NKVM tries again every five minutes`,
    'unknown'
  );
}
