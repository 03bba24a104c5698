/** A cluster that the stand-in server shows. */
export interface HostedCluster {
  name: string;
  /** An API server that speaks plain HTTP, e.g. what `kubectl proxy` prints. */
  kubeUrl: string;
  /** The default namespace of the context. Most contexts name none, and in a cluster none can be named. */
  namespace?: string;
  /** Whether each person logs in with a token; otherwise the API server knows who asks, as behind `kubectl proxy`. */
  asksForToken?: boolean;
}

/** What `/config` of headlamp-server 0.45 answers: these fields, and `""` for a context without a namespace. */
export const configOf = (clusters: readonly HostedCluster[]): object => ({
  clusters: clusters.map(({ name, kubeUrl, namespace = '' }) => ({
    name,
    server: kubeUrl,
    auth_type: '',
    meta_data: {
      source: 'in_cluster',
      namespace,
      extensions: null,
      origin: { kubeconfig: '' },
      originalName: name,
      clusterID: '',
    },
  })),
  isDynamicClusterEnabled: false,
  allowKubeconfigChanges: false,
  defaultPodDebugImage: '',
  defaultNodeShellImage: '',
  defaultNodeShellNamespace: '',
});
