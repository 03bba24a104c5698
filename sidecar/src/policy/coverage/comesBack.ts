import { BACKUP_LABEL } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import { asksForRestore, isFirstRestoreOpen } from '../populate/firstRestore.ts';

/** The values that the policies in deploy/k8s/zero-touch ask for. */
const LABEL_VALUES = ['hourly', 'daily', 'weekly', 'monthly'];

type Facts = Pick<
  Claim,
  | 'uid'
  | 'labels'
  | 'phase'
  | 'dataSource'
  | 'policyNotes'
  | 'storageClass'
  | 'volumeMode'
  | 'volumeName'
>;

/**
 * @param zeroTouch whether deploy/k8s/zero-touch is applied
 * @param hasBackup whether a destination has a good backup of it
 * @returns whether the claim would be restored when its manifest is applied again. It is not known where the manifest names
 *   a volume: then its volume does not have the name that a provisioner gives, and the answer is no
 */
export function comesBack(
  claim: Facts,
  namespace: Pick<NamespaceFact, 'backupLabel'> | undefined,
  { zeroTouch, hasBackup }: { zeroTouch: boolean; hasBackup: boolean }
): boolean {
  if (!zeroTouch || !hasBackup || isFirstRestoreOpen(claim)) return false;
  const label = claim.labels[BACKUP_LABEL] ?? namespace?.backupLabel;
  if (label === undefined || !LABEL_VALUES.includes(label)) return false;
  if (claim.volumeMode !== 'Filesystem' || !claim.storageClass) return false;
  if (claim.dataSource) return asksForRestore(claim);
  return claim.volumeName === null || claim.volumeName === `pvc-${claim.uid}`;
}
