import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import { hashSuffix } from '../store/names.ts';
import type { Deployment, ReplicaSet } from '../store/object.ts';
import { seconds } from '../store/time.ts';
import { each, type Reconcile } from './loop.ts';
import { controllerRef, isControlledBy } from './owned.ts';

const DEPLOYMENTS = kindNamed('deployments.apps');
const REPLICA_SETS = kindNamed('replicasets.apps');

export const DEPLOYMENT_WATCHES = ['deployments.apps', 'replicasets.apps'];

const REVISION = 'deployment.kubernetes.io/revision';

/**
 * Keeps one ReplicaSet for the template of each Deployment, and takes the older ones down: before the new pods come
 * (Recreate), or when they are ready. A rollout has no steps in between.
 */
export const deployments =
  (objects: Objects, now: () => Date): Reconcile =>
  () =>
    each(objects.store.list<Deployment>(DEPLOYMENTS), deployment => {
      if (deployment.metadata.deletionTimestamp) return;
      const { namespace = '' } = deployment.metadata;
      const all = objects.store
        .list<ReplicaSet>(REPLICA_SETS, namespace)
        .filter(set => isControlledBy(set, deployment));
      const hash = hashSuffix(JSON.stringify(deployment.spec.template));
      const current =
        all.find(({ metadata }) => metadata.labels?.['pod-template-hash'] === hash) ??
        createSet(objects, deployment, hash, all.length + 1);
      const old = all.filter(({ metadata }) => metadata.uid !== current.metadata.uid);

      const { replicas = 1, strategy } = deployment.spec;
      const running = old.reduce((sum, { status }) => sum + (status.replicas ?? 0), 0);
      const isRecreate = strategy?.type === 'Recreate';
      const isNewReady = (current.status.readyReplicas ?? 0) >= replicas;
      if (isRecreate || isNewReady) old.forEach(set => scale(objects, set, 0));
      if (!isRecreate || running === 0) scale(objects, current, replicas);
      postStatus(
        objects,
        deployment,
        objects.get(REPLICA_SETS, namespace, current.metadata.name),
        running,
        now
      );
    });

function createSet(
  objects: Objects,
  deployment: Deployment,
  hash: string,
  revision: number
): ReplicaSet {
  const { template, selector, replicas } = structuredClone(deployment.spec);
  const label = { 'pod-template-hash': hash };
  const labels = { ...template.metadata?.labels, ...label };
  const { namespace, name } = deployment.metadata;
  return objects.create<ReplicaSet>(REPLICA_SETS, namespace, {
    metadata: {
      name: `${name}-${hash}`,
      labels,
      annotations: {
        'deployment.kubernetes.io/desired-replicas': `${replicas}`,
        [REVISION]: `${revision}`,
      },
      ownerReferences: [controllerRef(DEPLOYMENTS, deployment)],
    },
    spec: {
      replicas: 0,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, ...label } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  });
}

function scale(objects: Objects, set: ReplicaSet, replicas: number): void {
  if (set.spec.replicas === replicas) return;
  objects.change(REPLICA_SETS, set, 'main', next => void (next.spec.replicas = replicas));
}

function postStatus(
  objects: Objects,
  deployment: Deployment,
  { status, metadata }: ReplicaSet,
  oldReplicas: number,
  now: () => Date
): void {
  const { replicas: wanted = 1 } = deployment.spec;
  const { replicas = 0, readyReplicas = 0 } = status;
  const isAvailable = readyReplicas >= wanted;
  const revision = metadata.annotations?.[REVISION] ?? '1';
  if (deployment.metadata.annotations?.[REVISION] !== revision) {
    objects.change(DEPLOYMENTS, deployment, 'main', next => {
      next.metadata.annotations = { ...next.metadata.annotations, [REVISION]: revision };
    });
  }
  const condition = (type: string, isTrue: boolean, reason: string, message: string) => {
    const before = deployment.status.conditions?.find(each => each.type === type);
    const status = isTrue ? 'True' : 'False';
    const at = before?.status === status ? before.lastTransitionTime : seconds(now());
    return { type, status, reason, message, lastUpdateTime: at, lastTransitionTime: at };
  };
  const progress = isAvailable
    ? ['NewReplicaSetAvailable', `ReplicaSet "${metadata.name}" has successfully progressed.`]
    : ['ReplicaSetUpdated', `ReplicaSet "${metadata.name}" is progressing.`];
  objects.change(DEPLOYMENTS, deployment, 'status', next => {
    next.status = {
      observedGeneration: next.metadata.generation,
      ...(replicas + oldReplicas && { replicas: replicas + oldReplicas }),
      ...(replicas && { updatedReplicas: replicas }),
      ...(readyReplicas && { readyReplicas, availableReplicas: readyReplicas }),
      ...(wanted > readyReplicas && { unavailableReplicas: wanted - readyReplicas }),
      conditions: [
        isAvailable
          ? condition(
              'Available',
              true,
              'MinimumReplicasAvailable',
              'Deployment has minimum availability.'
            )
          : condition(
              'Available',
              false,
              'MinimumReplicasUnavailable',
              'Deployment does not have minimum availability.'
            ),
        condition('Progressing', true, progress[0]!, progress[1]!),
      ],
    };
  });
}
