/** Open for backups by a sidecar beside the cluster, as every namespace is for an administrator. */
export const NAMESPACE = 'faults';
