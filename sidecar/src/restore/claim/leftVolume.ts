import type { ReadClaim } from '../../cluster/inventory/claims.ts';
import type { ClusterInventory } from '../../cluster/inventory/inventory.ts';
import type { ClaimId } from '../../cluster/writes/claimWrites.ts';

export interface LeftVolumeWorld {
  readClaim: ReadClaim;
  inventory: Pick<ClusterInventory, 'storageClasses'>;
}

/**
 * Finds out, before a claim that NKVM has made is deleted, whether its volume stays. NKVM may not delete volumes.
 *
 * | the class of the claim | the volume |
 * | --- | --- |
 * | has reclaimPolicy Delete | is deleted with the claim |
 * | has reclaimPolicy Retain | stays, with what was restored |
 * | there is none, or it is not known | was made by hand, and stays as a rule |
 *
 * @returns a sentence for the record when it stays; undefined: it goes, there is none yet, or it is not known
 */
export async function leftVolume(
  { namespace, name, uid }: ClaimId,
  { readClaim, inventory }: LeftVolumeWorld
): Promise<string | undefined> {
  const claim = await readClaim(namespace, name).catch(() => undefined);
  const { volumeName, storageClassName } = claim?.spec ?? {};
  if (claim?.uid !== uid || typeof volumeName !== 'string' || volumeName === '') return undefined;
  const storageClass = inventory.storageClasses().find(each => each.name === storageClassName);
  if (storageClass && !storageClass.retains) return undefined;
  const why = storageClass
    ? `StorageClass ${storageClass.name} has reclaimPolicy Retain`
    : 'no StorageClass has provisioned it';
  return `volume ${volumeName} of the deleted claim ${namespace}/${name} still exists with the restored data, because ${why}: delete it with kubectl delete pv ${volumeName}, and its storage`;
}
