import type { V1Secret } from '@kubernetes/client-node';
import { CLUSTER_LABEL, CLUSTER_SECRET_KEY } from '../../../api/index.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';
import type { LabelledSecrets, LabelledSecretsOptions } from './labelledSecrets.ts';
import { textIn, watchLabelledSecrets } from './labelledSecrets.ts';

/** A Secret that is the way to another cluster. */
export interface ClusterSecret {
  name: string;
  /** The value of the label; any text. */
  cluster: string;
  /** Null where the key is missing, or is not UTF-8. Never to be shown. */
  kubeconfig: string | null;
  /** Of the Secret, as the API server writes it: such texts are in order. */
  createdAt: string;
}

/** The Secrets with the label of a cluster, from a watch of NKVM's own namespace. */
export type ClusterSecrets = LabelledSecrets<ClusterSecret>;

export const watchClusterSecrets = (
  gateway: Pick<Gateway, 'json' | 'stream'>,
  options: LabelledSecretsOptions
): ClusterSecrets =>
  watchLabelledSecrets(
    gateway,
    { label: CLUSTER_LABEL, what: 'secrets of clusters', project: secretOf },
    options
  );

function secretOf({ metadata, data }: Raw<V1Secret>): ClusterSecret | undefined {
  const cluster = metadata?.labels?.[CLUSTER_LABEL];
  if (cluster === undefined || !metadata?.name) return undefined;
  const value = data?.[CLUSTER_SECRET_KEY];
  return {
    name: metadata.name,
    cluster,
    kubeconfig: value === undefined ? null : textIn(value),
    createdAt: `${metadata.creationTimestamp ?? ''}`,
  };
}
