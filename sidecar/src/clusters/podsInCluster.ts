import type { Pods } from '../cluster/gateway/pods.ts';
import { StageError } from '../errors.ts';
import { identityProblem } from './clusterIdentity.ts';

export interface OfCluster {
  name: string;
  /** Of the cluster that the history belongs to. */
  uid: string;
  /** Asks the API server. @throws ApiFailure */
  readUid(signal?: AbortSignal): Promise<string>;
}

/**
 * Pods that are created in one cluster only: the address of its API server may lead to another one by now, whose claims have the same
 * names.
 * @throws StageError (stage `create`, reason `ClusterReplaced`) from `create`, and ApiFailure where the API server did not say which
 *   cluster it is
 */
export const podsInCluster = (pods: Pods, { name, uid: known, readUid }: OfCluster): Pods => ({
  ...pods,
  async create(namespace, pod, signal) {
    const uid = await readUid(signal);
    const problem = identityProblem({ name, uid, known, others: new Map() });
    if (problem) {
      const { reason, message, hint } = problem;
      throw new StageError('create', reason, message, hint, 'needs-action');
    }
    return await pods.create(namespace, pod, signal);
  },
});
