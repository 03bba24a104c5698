import type { KubeConfig } from '@kubernetes/client-node';
import { CoreV1Api } from '@kubernetes/client-node';
import { apiMessageOf, httpStatusOf, timeLimit } from './connection.ts';

/** A Kubernetes Event about a PersistentVolumeClaim. */
export interface ClaimEvent {
  /** Of the Event itself. A second one of the same name is not made. */
  name: string;
  claim: { namespace: string; name: string; uid: string };
  type: 'Normal' | 'Warning';
  /** In UpperCamelCase, for programs. */
  reason: string;
  message: string;
  /** When it happened, ISO-8601. */
  at: string;
}

/** What became of an Event; the message is the API server's own. */
export type Sent = { outcome: 'sent' } | { outcome: 'forbidden' | 'failed'; message: string };

/** Makes an Event. Never throws. */
export type SendEvent = (event: ClaimEvent) => Promise<Sent>;

const LIMIT_MS = 10_000;
const COMPONENT = 'nkvm';

/**
 * Of `v1` and not of `events.k8s.io/v1`. Both are the same objects; the former has the first and the last time, the
 * count and the source, which every version of `kubectl describe` and of Headlamp shows.
 */
export function eventsOf(kubeConfig: KubeConfig): SendEvent {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  return async event => {
    const { namespace } = event.claim;
    try {
      await core.createNamespacedEvent({ namespace, body: bodyOf(event) }, timeLimit(LIMIT_MS));
      return { outcome: 'sent' };
    } catch (error) {
      const status = httpStatusOf(error);
      if (status === 409) return { outcome: 'sent' }; // before, and nobody heard the answer
      return { outcome: status === 403 ? 'forbidden' : 'failed', message: apiMessageOf(error) };
    }
  };
}

function bodyOf({ name, claim, type, reason, message, at }: ClaimEvent) {
  const time = new Date(at);
  return {
    metadata: { name, namespace: claim.namespace },
    involvedObject: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim },
    type,
    reason,
    message,
    action: 'Backup',
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: '',
  };
}
