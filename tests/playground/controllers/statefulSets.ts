import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import { hashSuffix } from '../store/names.ts';
import type { Draft, Pod, StatefulSet } from '../store/object.ts';
import { isLive, isReady } from '../store/pods.ts';
import { each, type Reconcile } from './loop.ts';
import { controllerRef, podFrom, podsOf } from './owned.ts';

const STATEFUL_SETS = kindNamed('statefulsets.apps');
const CLAIMS = kindNamed('persistentvolumeclaims');
const PODS = kindNamed('pods');

export const STATEFUL_SET_WATCHES = ['statefulsets.apps', 'pods'];

/** Keeps numbered pods, each with claims of its own: one after the other, unless the set is Parallel. Claims stay. */
export const statefulSets =
  (objects: Objects): Reconcile =>
  () =>
    each(objects.store.list<StatefulSet>(STATEFUL_SETS), set => {
      if (set.metadata.deletionTimestamp) return;
      const { namespace = '', name } = set.metadata;
      const { replicas = 1, podManagementPolicy } = set.spec;
      const isOrdered = podManagementPolicy !== 'Parallel';
      const revision = hashSuffix(JSON.stringify(set.spec.template));
      const pods = new Map(podsOf(objects.store, set).map(pod => [pod.metadata.name, pod]));

      for (let ordinal = 0; ordinal < replicas; ordinal += 1) {
        const pod = pods.get(`${name}-${ordinal}`);
        if (!pod) createPod(objects, set, ordinal, revision);
        else if (!isLive(pod) || revisionOf(pod) !== revision) {
          objects.remove(PODS, namespace, pod.metadata.name);
        }
        if (isOrdered && !(pod && isReady(pod))) break;
      }
      const spare = [...pods.values()].filter(pod => ordinalOf(pod) >= replicas);
      spare.sort((a, b) => ordinalOf(b) - ordinalOf(a));
      for (const pod of isOrdered ? spare.slice(0, 1) : spare) {
        objects.remove(PODS, namespace, pod.metadata.name);
      }

      const now = podsOf(objects.store, set);
      const ready = now.filter(isReady).length;
      const updated = now.filter(pod => revisionOf(pod) === revision).length;
      objects.change(STATEFUL_SETS, set, 'status', next => {
        next.status = {
          observedGeneration: next.metadata.generation,
          replicas: now.length,
          ...(ready && { readyReplicas: ready }),
          availableReplicas: ready,
          ...(updated && { currentReplicas: updated, updatedReplicas: updated }),
          currentRevision: `${name}-${revision}`,
          updateRevision: `${name}-${revision}`,
          collisionCount: 0,
        };
      });
    });

const REVISION = 'controller-revision-hash';

const revisionOf = ({ metadata }: Pod): string | undefined =>
  metadata.labels?.[REVISION]?.split('-').at(-1);

const ordinalOf = ({ metadata }: Pod): number => Number(metadata.name.split('-').at(-1));

function createPod(objects: Objects, set: StatefulSet, ordinal: number, revision: string): void {
  const { namespace = '', name } = set.metadata;
  const { template, volumeClaimTemplates = [], serviceName } = set.spec;
  const podName = `${name}-${ordinal}`;
  for (const claim of volumeClaimTemplates) {
    const claimName = `${claim.metadata?.name}-${podName}`;
    if (objects.store.get(CLAIMS, namespace, claimName)) continue;
    objects.create(CLAIMS, namespace, {
      metadata: {
        name: claimName,
        labels: { ...claim.metadata?.labels, ...set.spec.selector.matchLabels },
        ...(claim.metadata?.annotations && { annotations: claim.metadata.annotations }),
      },
      spec: structuredClone(claim.spec),
    });
  }
  const pod = podFrom(template, controllerRef(STATEFUL_SETS, set), podName, {
    'apps.kubernetes.io/pod-index': `${ordinal}`,
    [REVISION]: `${name}-${revision}`,
    'statefulset.kubernetes.io/pod-name': podName,
  });
  objects.create(PODS, namespace, {
    ...pod,
    spec: {
      ...withClaims(pod.spec, volumeClaimTemplates, podName),
      hostname: podName,
      subdomain: serviceName,
    },
  });
}

/** The set's own claims stand in for volumes of the same names. */
function withClaims(
  spec: unknown,
  templates: NonNullable<StatefulSet['spec']['volumeClaimTemplates']>,
  podName: string
): Draft {
  const pod = spec as { volumes?: { name: string }[] };
  const own = templates.map(({ metadata }) => ({
    name: metadata?.name ?? '',
    persistentVolumeClaim: { claimName: `${metadata?.name}-${podName}` },
  }));
  const others = (pod.volumes ?? []).filter(({ name }) => !own.some(each => each.name === name));
  return { ...pod, volumes: [...own, ...others] };
}
