/** Annotation of a claim whose StorageClass waits for the first pod: the node that the scheduler has chosen for it. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
