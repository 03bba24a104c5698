import type { Obstacle } from '../../../api/index.ts';
import { openNamespaceCommand, START_ANNOTATION } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { isFirstRestoreOpen } from '../../cluster/writes/firstRestore.ts';
import { placementOf } from '../../helper/wait/placement.ts';
import type { IsOpen } from './openNamespaces.ts';

/**
 * Why a backup of this claim would be refused now.
 * @param isOpen the sidecar may create helper pods in the claim's namespace.
 * @returns null when it can start.
 */
export function obstacleOf(claim: Claim, isOpen: IsOpen): Obstacle | null {
  const { namespace, name } = claim;
  // First: such a claim is usually not bound, and that is not what a person must know about it.
  if (isFirstRestoreOpen(claim) && !claim.terminating)
    return {
      reason: 'FirstRestoreOpen',
      message: `claim ${namespace}/${name} waits for the restore of its data: a backup of it now would be one of an empty volume`,
      hint: `see the Events on the claim; to do without the data, set its annotation ${START_ANNOTATION}: empty`,
    };
  const placement = placementOf(claim);
  if ('refuse' in placement) return placement.refuse;
  switch (isOpen) {
    case true:
      return null;
    case false:
      return {
        reason: 'NamespaceNotOpen',
        message: `backups are not allowed in namespace ${namespace}: the runner may not create helper pods there`,
        hint: `allow them with: ${openNamespaceCommand(namespace)}`,
      };
    case 'unselected':
      return unselected(namespace);
    case 'unknown':
      return {
        reason: 'NamespaceNotChecked',
        message: `the API server did not say whether backups are allowed in namespace ${namespace}`,
        hint: 'try again when the API server answers',
      };
  }
}

/** @returns the problem of a namespace whose labels are not those that an administrator has chosen. */
export const unselected = (namespace: string): Obstacle => ({
  reason: 'NamespaceNotSelected',
  message: `NKVM may not use namespace ${namespace}: its labels do not match NKVM_NAMESPACE_SELECTOR`,
  hint: 'ask an administrator of NKVM for the labels that this setting wants, and give them to the namespace',
});
