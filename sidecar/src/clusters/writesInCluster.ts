import type { Call, Gateway } from '../cluster/gateway/gateway.ts';
import { readClusterUid } from '../cluster/inventory/namespaces.ts';
import { StageError } from '../errors.ts';
import { identityProblem } from './clusterIdentity.ts';

interface OfCluster {
  name: string;
  /** Of the cluster that the history belongs to. */
  uid: string;
}

/** Reviews change nothing, although they are POSTs. */
const isWrite = ({ method = 'GET', lane }: Call): boolean => method !== 'GET' && lane !== 'reviews';

/**
 * A way to the API server of one cluster that writes to that cluster only: its address may lead to another one by now, whose claims
 * and workloads have the same names. Before each write, and each command in a pod, the API server says which cluster it is.
 * @throws StageError (reason `ClusterReplaced`) from writes, and ApiFailure where the API server did not say which cluster it is:
 *   nothing is written then
 */
export function writesInCluster(gateway: Gateway, { name, uid: known }: OfCluster): Gateway {
  const check = async (signal: AbortSignal | undefined): Promise<void> => {
    const uid = await readClusterUid(gateway, signal);
    const problem = identityProblem({ name, uid, known, others: new Map() });
    if (!problem) return;
    const { reason, message, hint } = problem;
    throw new StageError('create', reason, message, hint, 'needs-action');
  };
  return {
    ...gateway,
    async json<T>(call: Call) {
      if (isWrite(call)) await check(call.signal);
      return await gateway.json<T>(call);
    },
    async socket(call) {
      await check(call.signal);
      return await gateway.socket(call);
    },
  };
}
