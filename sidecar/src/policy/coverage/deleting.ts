import type { PolicyReason } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';

/**
 * Kubernetes keeps a deleted claim until the last pod that uses it is gone. A manifest that is applied meanwhile changes that claim,
 * which then goes: nothing is restored until it is applied once more.
 *
 * @returns why a claim that is being deleted is still there; undefined for any other
 */
export function deletingReason({
  namespace,
  name,
  terminating,
  deletingSince,
  pods,
}: Pick<Claim, 'namespace' | 'name' | 'terminating' | 'deletingSince' | 'pods'>):
  | PolicyReason
  | undefined {
  if (!terminating) return undefined;
  const since = deletingSince === undefined ? '' : ` since ${deletingSince}`;
  return {
    reason: 'ClaimTerminating',
    message: `claim ${namespace}/${name} is being deleted${since}, and is not backed up; ${
      pods.length === 0
        ? 'no pod uses it, so that one of its finalizers keeps it'
        : 'it is there until the pods that use it are gone'
    }`,
    hint:
      pods.length === 0
        ? `see its finalizers: kubectl get pvc ${name} -n ${namespace} -o yaml`
        : `see them: kubectl describe pvc ${name} -n ${namespace}; delete them, or the workload that makes them; apply its manifest again when the claim is gone`,
  };
}
