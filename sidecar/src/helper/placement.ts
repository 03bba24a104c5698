import type { Obstacle } from '../../api/index.ts';
import type { Claim } from '../cluster/inventory.ts';

/** Where a helper pod must run; `node: null`: wherever the scheduler and the volume allow. */
export type Placement = { node: string | null } | { refuse: Obstacle };

const refuse = (reason: string, message: string, hint: string): Placement => ({
  refuse: { reason, message, hint },
});

/**
 * Decides where the helper of a claim runs.
 *
 * | the claim | the helper |
 * | --- | --- |
 * | is being deleted, is not bound, is a block device | refused |
 * | is ReadWriteOncePod and a pod holds it | refused: no second pod can have it |
 * | is for one node at a time and a pod holds it | on that pod's node |
 * | anything else | the scheduler knows the PersistentVolume's own node affinity |
 */
export function placementOf(claim: Claim): Placement {
  const name = `claim ${claim.namespace}/${claim.name}`;
  if (claim.terminating) {
    return refuse(
      'ClaimTerminating',
      `${name} is being deleted`,
      'stop whatever is deleting the claim, or accept the deletion'
    );
  }
  if (claim.phase === 'Lost') {
    return refuse(
      'ClaimLost',
      `${name} has lost its PersistentVolume ${claim.volumeName ?? ''}`.trimEnd(),
      'restore the PersistentVolume, or restore an earlier backup into a new claim'
    );
  }
  if (claim.phase === 'Pending') {
    return claim.waitsForFirstConsumer && claim.pods.length === 0
      ? refuse(
          'ClaimNotBound',
          `${name} has never been bound: its StorageClass ${
            claim.storageClass ?? ''
          } waits for the first pod that uses it`,
          'start a pod that uses the claim; until then there is nothing to back up'
        )
      : refuse(
          'ClaimNotBound',
          `${name} is not bound to a volume yet`,
          `see why with: kubectl describe pvc ${claim.name} -n ${claim.namespace}`
        );
  }
  if (claim.volumeMode === 'Block') {
    return refuse(
      'BlockVolume',
      `${name} is a raw block device and holds no files that tar could read`,
      'back it up with the tools of the application that writes to the device'
    );
  }
  const holders = claim.pods.filter(pod => isLive(pod.phase) && pod.node !== null);
  const first = holders[0];
  if (claim.accessModes.includes('ReadWriteOncePod') && first) {
    return refuse(
      'ClaimInUse',
      `${name} is ReadWriteOncePod and a pod holds it`,
      'stop that pod for the time of the backup'
    );
  }
  const onManyNodes = claim.accessModes.some(
    mode => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany'
  );
  return { node: onManyNodes ? null : first?.node ?? null };
}

const isLive = (phase: string): boolean => phase !== 'Succeeded' && phase !== 'Failed';
