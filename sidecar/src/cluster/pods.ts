import type { CoreV1Event, KubeConfig, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { CoreV1Api } from '@kubernetes/client-node';
import { httpStatusOf, timeLimit } from './connection.ts';

/** A pod as Kubernetes describes it. */
export type Pod = V1Pod;
export type PodSpec = V1PodSpec;

/** An Event as Kubernetes describes it. */
export type PodEvent = Pick<CoreV1Event, 'reason' | 'message' | 'type'>;

/** The pods of a cluster, one at a time. */
export interface Pods {
  /** @throws ApiException when the API server refuses. */
  create(namespace: string, pod: Pod): Promise<Pod>;
  /** @returns undefined when there is none. @throws Error when nobody could say. */
  get(namespace: string, name: string): Promise<Pod | undefined>;
  /** Asks for its end; one that is not there is no error. */
  remove(namespace: string, name: string): Promise<void>;
  /** @returns the pods of all namespaces with these labels. */
  withLabels(labels: Record<string, string>): Promise<Pod[]>;
  /** @returns the events about a pod, oldest first. */
  eventsOf(pod: Pod): Promise<PodEvent[]>;
}

const LIMIT_MS = 15_000;

export function podsOf(kubeConfig: KubeConfig): Pods {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  return {
    create: (namespace, body) => core.createNamespacedPod({ namespace, body }, timeLimit(LIMIT_MS)),
    async get(namespace, name) {
      try {
        return await core.readNamespacedPod({ namespace, name }, timeLimit(LIMIT_MS));
      } catch (error) {
        if (httpStatusOf(error) === 404) return undefined;
        throw error;
      }
    },
    async remove(namespace, name) {
      try {
        await core.deleteNamespacedPod({ namespace, name }, timeLimit(LIMIT_MS));
      } catch (error) {
        if (httpStatusOf(error) !== 404) throw error;
      }
    },
    async withLabels(labels) {
      const labelSelector = Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(',');
      const { items } = await core.listPodForAllNamespaces({ labelSelector }, timeLimit(LIMIT_MS));
      return items;
    },
    async eventsOf(pod) {
      const { items } = await core.listNamespacedEvent(
        {
          namespace: pod.metadata?.namespace ?? '',
          fieldSelector: `involvedObject.uid=${pod.metadata?.uid}`,
        },
        timeLimit(LIMIT_MS)
      );
      const at = (event: CoreV1Event) =>
        (event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp)?.getTime() ??
        0;
      return items.sort((a, b) => at(a) - at(b));
    },
  };
}
