import type { Draft } from '../playground/store/object.ts';

/** A namespace, to be created. */
export const namespaceOf = (name: string): Draft => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

/** A RoleBinding that gives NKVM the ClusterRole `role`, e.g. `nkvm-runtime`, in a namespace. */
export const bindingOf = (role: string, namespace: string): Draft => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: role, namespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'ServiceAccount', name: 'nkvm-runner', namespace: 'nkvm' }],
});

/** A claim of 1 GiB that is bound as soon as it is created. */
export const claimOf = (metadata: Draft['metadata']): Draft => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata,
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'immediate',
    resources: { requests: { storage: '1Gi' } },
  },
});
