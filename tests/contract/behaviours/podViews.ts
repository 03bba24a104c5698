import type { Any } from '../world.ts';

/** @returns status and reason of a pod's conditions, by their types. */
export const conditions = (pod: Any): Record<string, [string, string?]> =>
  Object.fromEntries(
    (pod.status.conditions ?? []).map(({ type, status, reason }: Any) => [
      type,
      reason ? [status, reason] : [status],
    ])
  );

/** @returns the status of a pod's first container. */
export const main = (pod: Any): Any => pod.status.containerStatuses?.[0] ?? {};

/** @returns the part of a pod's spec that names its node. */
export const onNode = (node: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
        ],
      },
    },
  },
});
