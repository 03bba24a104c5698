import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import { hashSuffix } from '../store/names.ts';
import type { DaemonSet, Node, Pod } from '../store/object.ts';
import { isLive, isReady } from '../store/pods.ts';
import { each, type Reconcile } from './loop.ts';
import { controllerRef, podFrom, podsOf } from './owned.ts';

const DAEMON_SETS = kindNamed('daemonsets.apps');
const NODES = kindNamed('nodes');
const PODS = kindNamed('pods');

export const DAEMON_SET_WATCHES = ['daemonsets.apps', 'pods', 'nodes'];

/** Keeps one pod on each node that its template selects, cordoned ones included. */
export const daemonSets =
  (objects: Objects): Reconcile =>
  () =>
    each(objects.store.list<DaemonSet>(DAEMON_SETS), set => {
      if (set.metadata.deletionTimestamp) return;
      const { namespace = '', name } = set.metadata;
      const { template } = set.spec;
      const selector = Object.entries(template.spec?.nodeSelector ?? {});
      const nodes = objects.store
        .list<Node>(NODES)
        .filter(({ metadata }) =>
          selector.every(([key, value]) => metadata.labels?.[key] === value)
        )
        .map(({ metadata }) => metadata.name);
      const revision = hashSuffix(JSON.stringify(template));
      const pods = podsOf(objects.store, set);

      for (const pod of pods) {
        const isWanted = isLive(pod) && pod.metadata.labels?.[REVISION] === revision;
        if (!isWanted || !nodes.includes(nodeOf(pod)))
          objects.remove(PODS, namespace, pod.metadata.name);
      }
      for (const node of nodes) {
        if (pods.some(pod => nodeOf(pod) === node)) continue;
        const pod = podFrom(template, controllerRef(DAEMON_SETS, set), `${name}-`, {
          [REVISION]: revision,
        });
        objects.create(PODS, namespace, {
          ...pod,
          spec: { ...(pod.spec as object), ...onNode(node) },
        });
      }

      const ready = podsOf(objects.store, set).filter(isReady).length;
      objects.change(DAEMON_SETS, set, 'status', next => {
        next.status = {
          currentNumberScheduled: Math.min(pods.length, nodes.length),
          desiredNumberScheduled: nodes.length,
          numberMisscheduled: 0,
          numberReady: ready,
          ...(ready && { numberAvailable: ready }),
          ...(nodes.length > ready && { numberUnavailable: nodes.length - ready }),
          updatedNumberScheduled: nodes.length,
          observedGeneration: next.metadata.generation,
        };
      });
    });

const REVISION = 'controller-revision-hash';

/** Which node a pod is for, also before it is there. */
const nodeOf = ({ spec }: Pod): string =>
  spec.nodeName ??
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]
    ?.matchFields?.[0]?.values?.[0] ??
  '';

const onNode = (node: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
        ],
      },
    },
  },
  tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
});
