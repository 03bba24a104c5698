import type { Workload } from '../../cluster/inventory/workloads.ts';

/** A workload for tests: Deployment `shop/web` with 2 replicas, which nobody else manages. */
export const testWorkload = (change: Partial<Workload> = {}): Workload => ({
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  uid: 'Deployment/web',
  resourceVersion: '1',
  generation: 1,
  isTerminating: false,
  labels: {},
  annotations: {},
  ownerReferences: [],
  managedFields: [],
  replicas: 2,
  isSuspended: false,
  isObserved: true,
  runningReplicas: 2,
  activeJobs: [],
  isOver: false,
  deletesClaims: false,
  firstOrdinal: 0,
  ...change,
});
