import type { V1Secret } from '@kubernetes/client-node';
import { CLUSTER_LABEL, CLUSTER_SECRET_KEY } from '../../../api/index.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { pathOf } from '../gateway/gateway.ts';

/** Writes of Secrets of clusters, in NKVM's own namespace. Each throws ApiFailure. */
export interface ClusterSecretWrites {
  create(cluster: string, kubeconfig: string): Promise<void>;
  /** @param secret its name */
  replace(secret: string, kubeconfig: string): Promise<void>;
  remove(secret: string): Promise<void>;
}

export function clusterSecretWrites(
  gateway: Pick<Gateway, 'json'>,
  namespace: string
): ClusterSecretWrites {
  const all = pathOf('/api/v1/namespaces', namespace, 'secrets');
  const one = (secret: string): string => pathOf(all, secret);
  return {
    async create(cluster, kubeconfig) {
      const body: V1Secret = {
        metadata: { name: `nkvm-cluster-${cluster}`, labels: { [CLUSTER_LABEL]: cluster } },
        type: 'Opaque',
        stringData: { [CLUSTER_SECRET_KEY]: kubeconfig },
      };
      await gateway.json({ method: 'POST', path: all, body });
    },
    async replace(secret, kubeconfig) {
      const body = { stringData: { [CLUSTER_SECRET_KEY]: kubeconfig } };
      await gateway.json({ method: 'PATCH', path: one(secret), body });
    },
    async remove(secret) {
      await gateway.json({ method: 'DELETE', path: one(secret) });
    },
  };
}
