import { textOf } from '../../errors.ts';
import { ApiFailure, isMissingRight } from '../gateway/apiFailure.ts';
import { type Gateway, pathOf } from '../gateway/gateway.ts';

/** A Kubernetes Event about a PersistentVolumeClaim. */
export interface ClaimEvent {
  /** Of the Event itself. A second one of the same name is not made. */
  name: string;
  claim: { namespace: string; name: string; uid: string };
  /** The task of the run; by default a backup. */
  action?: 'Backup' | 'Restore' | 'Check';
  type: 'Normal' | 'Warning';
  /** In UpperCamelCase, for programs. */
  reason: string;
  message: string;
  /** When it happened, ISO-8601. */
  at: string;
}

/** The outcome of sending an Event; the message is the API server's own. */
export type Sent = { outcome: 'sent' } | { outcome: 'forbidden' | 'failed'; message: string };

/** Makes an Event. Never throws. */
export type SendEvent = (event: ClaimEvent) => Promise<Sent>;

const COMPONENT = 'nkvm';

/**
 * Of `v1` and not of `events.k8s.io/v1`. Both are the same objects; the former has the first and the last time, the
 * count and the source, which every version of `kubectl describe` and of Headlamp shows.
 */
export const eventsOf =
  (gateway: Pick<Gateway, 'json'>): SendEvent =>
  async event => {
    const path = pathOf('/api/v1/namespaces', event.claim.namespace, 'events');
    try {
      await gateway.json({ method: 'POST', path, body: bodyOf(event), repeat: 'always' });
      return { outcome: 'sent' };
    } catch (error) {
      if (!(error instanceof ApiFailure)) return { outcome: 'failed', message: textOf(error) };
      const { kind, message } = error;
      if (kind === 'conflict') return { outcome: 'sent' }; // by an earlier try whose answer was lost
      return { outcome: isMissingRight(error) ? 'forbidden' : 'failed', message };
    }
  };

function bodyOf({ name, claim, action = 'Backup', type, reason, message, at }: ClaimEvent) {
  return {
    metadata: { name, namespace: claim.namespace },
    involvedObject: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim },
    type,
    reason,
    message,
    action,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: '',
  };
}
