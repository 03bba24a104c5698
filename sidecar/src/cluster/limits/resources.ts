import {
  claimFact,
  cronJobFact,
  namespaceFact,
  nodeFact,
  podFact,
  statefulSetFact,
  storageClassFact,
  volumeFact,
  workloadFact,
} from '../watch/projections.ts';
import type { Resource } from '../watch/watchCache.ts';

/** Objects that the inventory reads. ClusterRole nkvm-cluster-discovery grants list and watch on each, and nothing else. */
export const resources = {
  claims: core('persistentvolumeclaims', claimFact),
  volumes: core('persistentvolumes', volumeFact),
  nodes: core('nodes', nodeFact),
  namespaces: core('namespaces', namespaceFact),
  pods: core('pods', podFact),
  storageClasses: inGroup('storage.k8s.io/v1', 'storageclasses', storageClassFact),
  deployments: inGroup('apps/v1', 'deployments', workloadFact('apps/v1', 'Deployment')),
  statefulSets: inGroup('apps/v1', 'statefulsets', statefulSetFact),
  daemonSets: inGroup('apps/v1', 'daemonsets', workloadFact('apps/v1', 'DaemonSet')),
  replicaSets: inGroup('apps/v1', 'replicasets', workloadFact('apps/v1', 'ReplicaSet')),
  jobs: inGroup('batch/v1', 'jobs', workloadFact('batch/v1', 'Job')),
  cronJobs: inGroup('batch/v1', 'cronjobs', cronJobFact),
};

function core<T, Fact>(name: string, project: Resource<T, Fact>['project']): Resource<T, Fact> {
  return { name, path: `/api/v1/${name}`, project };
}

function inGroup<T, Fact>(
  groupVersion: string,
  name: string,
  project: Resource<T, Fact>['project']
): Resource<T, Fact> {
  return { name, path: `/apis/${groupVersion}/${name}`, project };
}
