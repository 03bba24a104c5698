import type { Obstacle } from '../../api/index.ts';
import { openNamespaceCommand } from '../../api/index.ts';
import type { Claim } from '../cluster/inventory.ts';
import { placementOf } from '../helper/placement.ts';

/**
 * Why a backup of this claim would be refused now.
 * @param isOpen the sidecar may create helper pods in the claim's namespace; undefined: the API server did not say.
 * @returns null when it can start.
 */
export function obstacleOf(claim: Claim, isOpen: boolean | undefined): Obstacle | null {
  const placement = placementOf(claim);
  if ('refuse' in placement) return placement.refuse;
  if (isOpen) return null;
  if (isOpen === undefined) {
    return {
      reason: 'NamespaceNotChecked',
      message: `the API server did not say whether namespace ${claim.namespace} is open for backups`,
      hint: 'try again when the API server can be reached',
    };
  }
  return {
    reason: 'NamespaceNotOpen',
    message: `namespace ${claim.namespace} is not open for backups: the runner may not create helper pods there`,
    hint: `open it with: ${openNamespaceCommand(claim.namespace)}`,
  };
}
