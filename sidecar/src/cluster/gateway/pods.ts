import type { CoreV1Event, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { randomUUID } from 'node:crypto';
import type { Raw } from '../watch/projections.ts';
import { ApiFailure } from './apiFailure.ts';
import { type Gateway, pathOf } from './gateway.ts';
import { pagesOf } from './pages.ts';

/** A pod as Kubernetes describes it. */
export type Pod = Raw<V1Pod>;
export type PodSpec = Raw<V1PodSpec>;

/** An Event as Kubernetes describes it. */
export type PodEvent = Pick<CoreV1Event, 'reason' | 'message' | 'type'>;

/** The pods of a cluster. Every call is repeated within its limit while the API server does not answer. */
export interface Pods {
  /**
   * Creates a pod of a fixed name. When the answer to a first try was lost and the pod is there, that is the pod.
   * @throws ApiFailure; the pod may be there all the same when its `mayBeDone` is true.
   */
  create(namespace: string, pod: Pod, signal?: AbortSignal): Promise<Pod>;
  /** @returns undefined when there is none. @throws ApiFailure when the API server did not say. */
  get(namespace: string, name: string, signal?: AbortSignal): Promise<Pod | undefined>;
  /**
   * Asks for the end of a pod, and does not wait for it. A pod that is not there is not an error, nor is one of this
   * name that has another `uid`: the one that was meant is gone.
   * @throws ApiFailure.
   */
  remove(
    namespace: string,
    name: string,
    options?: { uid?: string | undefined; signal?: AbortSignal | undefined }
  ): Promise<void>;
  /** @returns the pods of all namespaces with these labels. @throws ApiFailure. */
  withLabels(labels: Record<string, string>, signal?: AbortSignal): Promise<Pod[]>;
  /** @returns the events about a pod, oldest first. @throws ApiFailure. */
  eventsOf(pod: Pod, signal?: AbortSignal): Promise<PodEvent[]>;
}

/** Tells the pod of this very call from any other one of its name. */
const CALL_ANNOTATION = 'nkvm.io/created-by-call';

/** @param newId a value that no other call has. */
export function podsOf(gateway: Pick<Gateway, 'json'>, newId: () => string = randomUUID): Pods {
  const podsIn = (namespace: string): string => pathOf('/api/v1/namespaces', namespace, 'pods');
  const podPath = (namespace: string, name: string): string => pathOf(podsIn(namespace), name);

  const list = async <T>(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal | undefined
  ): Promise<T[]> => {
    const all: T[] = [];
    for await (const page of pagesOf<T>(gateway, path, query, signal)) all.push(...page);
    return all;
  };

  const get: Pods['get'] = async (namespace, name, signal) => {
    try {
      return await gateway.json<Pod>({ path: podPath(namespace, name), signal });
    } catch (error) {
      if (error instanceof ApiFailure && error.kind === 'notFound') return undefined;
      throw error;
    }
  };

  return {
    get,

    async create(namespace, pod, signal) {
      const id = newId();
      const annotations = { ...pod.metadata?.annotations, [CALL_ANNOTATION]: id };
      const body = { ...pod, metadata: { ...pod.metadata, annotations } };
      const path = podsIn(namespace);
      try {
        return await gateway.json<Pod>({ method: 'POST', path, body, repeat: 'always', signal });
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.reason !== 'AlreadyExists') throw error;
        const there = await get(namespace, pod.metadata?.name ?? '', signal);
        if (there?.metadata?.annotations?.[CALL_ANNOTATION] === id) return there;
        throw error;
      }
    },

    async remove(namespace, name, { uid, signal } = {}) {
      const path = podPath(namespace, name);
      const body = uid === undefined ? undefined : { preconditions: { uid } };
      try {
        await gateway.json({ method: 'DELETE', path, body, repeat: 'always', signal });
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        const isOther = uid !== undefined && error.kind === 'conflict';
        if (error.kind !== 'notFound' && !isOther) throw error;
      }
    },

    async withLabels(labels, signal) {
      const labelSelector = Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(',');
      return await list<Pod>('/api/v1/pods', { labelSelector }, signal);
    },

    async eventsOf({ metadata }, signal) {
      const path = pathOf('/api/v1/namespaces', metadata?.namespace ?? '', 'events');
      const query = { fieldSelector: `involvedObject.uid=${metadata?.uid}` };
      const events = await list<Raw<CoreV1Event>>(path, query, signal);
      const at = ({
        lastTimestamp,
        eventTime,
        metadata: { creationTimestamp },
      }: (typeof events)[0]) =>
        Date.parse(lastTimestamp ?? eventTime ?? creationTimestamp ?? '') || 0;
      return events.sort((a, b) => at(a) - at(b));
    },
  };
}
