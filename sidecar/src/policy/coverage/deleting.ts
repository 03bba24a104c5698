import type { PolicyReason } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';

/** Pods that are named in the message. */
const NAMED = 3;

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
  const names = pods.slice(0, NAMED).map(pod => pod.name);
  const more = pods.length - names.length;
  const used = `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return {
    reason: 'ClaimTerminating',
    message: `claim ${namespace}/${name} is being deleted${since}, and is not backed up; ${
      pods.length === 0
        ? 'no pod uses it, so that one of its finalizers keeps it'
        : `it is there until its pods are gone: ${used}`
    }`,
    hint:
      pods.length === 0
        ? `see its finalizers: kubectl get pvc ${name} -n ${namespace} -o yaml`
        : 'delete those pods, or the workload that makes them; apply its manifest again when the claim is gone',
  };
}
