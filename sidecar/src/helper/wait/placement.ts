import type { Obstacle } from '../../../api/index.ts';
import type { Claim, ClaimPod } from '../../cluster/inventory/inventory.ts';
import type { NodeFact } from '../../cluster/watch/facts.ts';
import type { HelperNode } from './helperNode.ts';
import { readerNode, writerNode } from './helperNode.ts';

/** Where a helper pod must run, or why none may. */
export type Placement = HelperNode | { refuse: Obstacle };

const refuse = (reason: string, message: string, hint: string): Placement => ({
  refuse: { reason, message, hint },
});

/**
 * Decides where the helper of a backup runs.
 *
 * | the claim | the helper |
 * | --- | --- |
 * | was made by a restore that has not proven what it holds | refused: it would count as a backup of the volume |
 * | is being deleted, is not bound, is a block device | refused |
 * | is ReadWriteOncePod and a pod holds it | refused: no second pod can have it |
 * | anything else | see `readerNode` |
 *
 * @param nodes of the cluster; empty: not known
 */
export function placementOf(claim: Claim, nodes: readonly NodeFact[] = []): Placement {
  const name = `claim ${claim.namespace}/${claim.name}`;
  const unusable = unusableClaim(claim) ?? unprovenClaim(claim);
  if (unusable) return { refuse: unusable };
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
  const block = blockDevice(claim);
  if (block) return { refuse: block };
  if (claim.accessModes.includes('ReadWriteOncePod') && claim.pods.some(isHolder)) {
    return refuse(
      'ClaimInUse',
      `${name} is ReadWriteOncePod and a pod holds it`,
      'stop that pod for the time of the backup'
    );
  }
  return readerNode(claim, nodes);
}

/**
 * Decides where the helper of a restore runs, which writes.
 *
 * | the claim | the helper |
 * | --- | --- |
 * | is being deleted, has lost its volume, is a block device | refused |
 * | is named by a pod that has not ended, whatever its access modes | refused: both would write |
 * | is not bound | anywhere: where its class waits for the first consumer, the helper is that consumer |
 * | anything else | see `writerNode` |
 *
 * @param pods that name the claim and have not ended
 * @param nodes of the cluster; empty: not known
 */
export function writerPlacementOf(
  claim: Claim,
  pods: readonly ClaimPod[] = claim.pods,
  nodes: readonly NodeFact[] = []
): Placement {
  const unusable = unusableClaim(claim) ?? blockDevice(claim) ?? claimInUse(claim, pods);
  return unusable ? { refuse: unusable } : writerNode(claim, nodes);
}

/** How many pods a message names. */
const NAMED = 5;

/** @returns why nothing may be written to a claim that pods use; undefined: none does. */
export function claimInUse(
  { namespace, name }: Pick<Claim, 'namespace' | 'name'>,
  pods: readonly Pick<ClaimPod, 'name'>[]
): Obstacle | undefined {
  if (pods.length === 0) return undefined;
  const names = pods.slice(0, NAMED).map(pod => pod.name);
  const more = pods.length > NAMED ? ` and ${pods.length - NAMED} more` : '';
  return {
    reason: 'ClaimInUse',
    message: `claim ${namespace}/${name} is used by pod${pods.length > 1 ? 's' : ''} ${names.join(
      ', '
    )}${more}`,
    hint: 'stop the workload and start the restore again, let the restore do it (`scale`), or restore into a new claim',
  };
}

function unusableClaim(claim: Claim): Obstacle | undefined {
  const name = `claim ${claim.namespace}/${claim.name}`;
  if (claim.terminating) {
    return {
      reason: 'ClaimTerminating',
      message: `${name} is being deleted`,
      hint: 'wait until it is deleted, and create it again if it is needed: a deletion cannot be undone',
    };
  }
  if (claim.phase !== 'Lost') return undefined;
  return {
    reason: 'ClaimLost',
    message: `${name} has lost its PersistentVolume ${claim.volumeName ?? ''}`.trimEnd(),
    hint: 'restore the PersistentVolume, or restore an earlier backup into a new claim',
  };
}

function unprovenClaim({ namespace, name, restoreMark }: Claim): Obstacle | undefined {
  switch (restoreMark?.state) {
    case undefined:
      return undefined;
    case 'restoring':
      return {
        reason: 'ClaimRestoring',
        message: `claim ${namespace}/${name} is being restored (run ${restoreMark.runId}), and its contents are not proven yet`,
        hint: 'wait until the restore has ended',
      };
    case 'incomplete':
      return {
        reason: 'ClaimIncomplete',
        message: `claim ${namespace}/${name} was left incomplete by a failed restore (run ${restoreMark.runId})`,
        hint: `delete it with kubectl delete pvc ${name} -n ${namespace}, and restore again`,
      };
  }
}

const blockDevice = ({ namespace, name, volumeMode }: Claim): Obstacle | undefined =>
  volumeMode === 'Block'
    ? {
        reason: 'BlockVolume',
        message: `claim ${namespace}/${name} is a raw block device and holds no files that tar could read`,
        hint: 'back it up with the tools of the application that writes to the device',
      }
    : undefined;

const isHolder = ({ phase, node }: ClaimPod): boolean =>
  node !== null && phase !== 'Succeeded' && phase !== 'Failed';
