import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { ReplicaSet } from '../store/object.ts';
import { isLive, isReady } from '../store/pods.ts';
import { each, type Reconcile } from './loop.ts';
import { controllerRef, podFrom, podsOf } from './owned.ts';

const REPLICA_SETS = kindNamed('replicasets.apps');
const PODS = kindNamed('pods');

export const REPLICA_SET_WATCHES = ['replicasets.apps', 'pods'];

/** Keeps as many pods as there should be. */
export const replicaSets =
  (objects: Objects): Reconcile =>
  () =>
    each(objects.store.list<ReplicaSet>(REPLICA_SETS), set => {
      if (set.metadata.deletionTimestamp) return;
      const { namespace = '', name } = set.metadata;
      const pods = podsOf(objects.store, set).filter(
        pod => isLive(pod) && !pod.metadata.deletionTimestamp
      );
      const { replicas = 1, template } = set.spec;
      // Those that are not ready go first.
      const spare = [...pods].sort((a, b) => Number(isReady(a)) - Number(isReady(b)));
      for (const pod of spare.slice(0, Math.max(0, pods.length - replicas))) {
        objects.remove(PODS, namespace, pod.metadata.name);
      }
      for (let missing = replicas - pods.length; missing > 0 && template; missing -= 1) {
        objects.create(
          PODS,
          namespace,
          podFrom(template, controllerRef(REPLICA_SETS, set), `${name}-`)
        );
      }
      const left = podsOf(objects.store, set).filter(
        pod => isLive(pod) && !pod.metadata.deletionTimestamp
      );
      const ready = left.filter(isReady).length;
      objects.change(REPLICA_SETS, set, 'status', next => {
        next.status = {
          replicas: left.length,
          fullyLabeledReplicas: left.length,
          ...(ready && { readyReplicas: ready, availableReplicas: ready }),
          observedGeneration: next.metadata.generation,
        };
      });
    });
