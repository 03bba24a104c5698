import { kindNamed } from '../store/kinds.ts';
import type { Pod } from '../store/object.ts';
import { seconds } from '../store/time.ts';
import type { Objects } from './objects.ts';

type Condition = NonNullable<Pod['status']['conditions']>[number];

/** The condition that says whether a pod has a node. */
export const podScheduled = (
  { metadata }: Pod,
  status: 'True' | 'False',
  lastTransitionTime: string
): Condition =>
  ({
    lastProbeTime: null,
    lastTransitionTime,
    observedGeneration: metadata.generation,
    status,
    type: 'PodScheduled',
  } as unknown as Condition);

/** Gives a pod its node. That is one change, and not counted in the pod's generation. */
export function bindPod({ store }: Objects, pod: Pod, nodeName: string, now: Date): void {
  store.update(kindNamed('pods'), {
    ...pod,
    spec: { ...pod.spec, nodeName },
    status: { ...pod.status, conditions: [podScheduled(pod, 'True', seconds(now))] },
  });
}
