import { bindPod, podScheduled } from '../objects/binding.ts';
import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Claim, Node, Pod, StorageClass, Volume } from '../store/object.ts';
import { seconds } from '../store/time.ts';
import type { EventRecorder } from './events.ts';
import { each, type Reconcile } from './loop.ts';
import { schedule, SELECTED_NODE } from './scheduling.ts';

const PODS = kindNamed('pods');
const NODES = kindNamed('nodes');
const CLAIMS = kindNamed('persistentvolumeclaims');
const VOLUMES = kindNamed('persistentvolumes');
const CLASSES = kindNamed('storageclasses.storage.k8s.io');

export const SCHEDULER_WATCHES = [
  'pods',
  'nodes',
  'persistentvolumeclaims',
  'persistentvolumes',
  'storageclasses.storage.k8s.io',
];

/**
 * Gives pods their nodes. For claims that wait for their first consumer it names the node on the claim, and continues
 * when they are bound.
 */
export const scheduler =
  (objects: Objects, events: EventRecorder, now: () => Date): Reconcile =>
  () => {
    const { store } = objects;
    const waiting = store
      .list<Pod>(PODS)
      .filter(({ spec, metadata }) => !spec.nodeName && !metadata.deletionTimestamp);
    each(waiting, pod => {
      const { namespace, name } = pod.metadata;
      const decision = schedule(pod, {
        nodes: store.list<Node>(NODES),
        pods: store.list<Pod>(PODS),
        claims: store.list<Claim>(CLAIMS, namespace),
        volumes: store.list<Volume>(VOLUMES),
        storageClasses: store.list<StorageClass>(CLASSES),
      });
      if ('message' in decision) {
        const { message } = decision;
        const before = scheduled(pod);
        markUnschedulable(objects, pod, message, seconds(now()));
        if (before?.message === message) return;
        events.record(pod, {
          type: 'Warning',
          reason: 'FailedScheduling',
          message,
          component: 'default-scheduler',
        });
        return;
      }
      const { node, toBind } = decision;
      for (const claimName of toBind)
        selectNode(objects, store.get<Claim>(CLAIMS, namespace, claimName)!, node);
      if (toBind.length > 0) return;
      bindPod(objects, pod, node, now());
      events.record(pod, {
        type: 'Normal',
        reason: 'Scheduled',
        message: `Successfully assigned ${namespace}/${name} to ${node}`,
        component: 'default-scheduler',
      });
    });
  };

const scheduled = ({ status }: Pod) =>
  status.conditions?.find(({ type }) => type === 'PodScheduled');

function markUnschedulable(objects: Objects, pod: Pod, message: string, now: string): void {
  objects.change(PODS, pod, 'status', next => {
    const since = scheduled(next)?.lastTransitionTime ?? now;
    next.status.conditions = [
      { ...podScheduled(next, 'False', since as string), reason: 'Unschedulable', message },
    ];
  });
}

function selectNode(objects: Objects, claim: Claim, node: string): void {
  if (claim.metadata.annotations?.[SELECTED_NODE] === node) return;
  objects.change(CLAIMS, claim, 'main', next => {
    next.metadata.annotations = { ...next.metadata.annotations, [SELECTED_NODE]: node };
  });
}
