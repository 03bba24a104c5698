import type { Claim, ClaimPod } from '../../cluster/inventory/inventory.ts';
import type { DeferredError } from '../deferredError.ts';
import { notNow } from '../deferredError.ts';
import { isForManyNodes } from './helperNode.ts';

/**
 * Finds a pod that cannot start while a helper has the volume.
 *
 * | the claim | a pod that |
 * | --- | --- |
 * | is for many nodes | none |
 * | is ReadWriteOncePod | has a node, or is kept waiting by the scheduler for this claim |
 * | is for one node at a time | has another node than the helper, has not started, and has no volumes yet |
 * | the same, and a pod on the helper's node uses it as well | none: the volume stays there in any case |
 *
 * A pod that is being deleted, or waits for something else, e.g. for room on a node, is not one.
 * @param helperNode where the helper is; null: not known
 */
export function podThatWants(claim: Claim, helperNode: string | null): ClaimPod | undefined {
  if (isForManyNodes(claim)) return undefined;
  const pods = claim.pods.filter(({ phase }) => phase !== 'Succeeded' && phase !== 'Failed');
  const live = pods.filter(({ terminating }) => !terminating);
  if (claim.accessModes.includes('ReadWriteOncePod')) {
    return live.find(({ node, wantsOnly }) => node !== null || wantsOnly);
  }
  if (helperNode === null || pods.some(({ node }) => node === helperNode)) return undefined;
  return live.find(
    ({ phase, node, hasVolumes }) => phase === 'Pending' && node !== null && !hasVolumes
  );
}

/** @returns that a run makes way for a pod. */
export function volumeWanted(
  stage: DeferredError['stage'],
  { namespace, name, accessModes }: Claim,
  pod: string
): DeferredError {
  const where = accessModes.includes('ReadWriteOncePod')
    ? 'is ReadWriteOncePod, and a pod that uses it is starting'
    : 'is needed by a pod that is starting on another node';
  return notNow(
    stage,
    'VolumeWanted',
    // Without its name: people who may see backups need not be people who may list pods.
    `claim ${namespace}/${name} ${where}: the application comes first`,
    `nothing to do: NKVM tries again later; the Event VolumeWanted names the pod: kubectl describe pvc ${name} -n ${namespace}`,
    pod
  );
}

const LOOK_MS = 1_000;

/**
 * Looks every second whether a pod needs the volume that a helper has. A look costs no request.
 * @param look returns the pod that needs it
 * @param onWanted is called once
 * @returns what ends that
 */
export function watchWanted(
  look: () => string | undefined,
  onWanted: (pod: string) => void,
  everyMs = LOOK_MS
): () => void {
  const timer = setInterval(() => {
    const pod = look();
    if (pod === undefined) return;
    clearInterval(timer);
    onWanted(pod);
  }, everyMs);
  return () => clearInterval(timer);
}
