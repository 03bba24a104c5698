import { createHash } from 'node:crypto';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { ClaimEvent } from '../../cluster/writes/events.ts';
import type { StageError } from '../../errors.ts';
import type { Wish } from './wish.ts';

export interface PolicyEventOptions {
  send(event: ClaimEvent): void;
  now(): Date;
}

/** Tells on claims what keeps their labels and annotations from having an effect. */
export interface PolicyEvents {
  /** Sends an Event for each value that is not valid, once. */
  problems(claim: Claim, wish: Pick<Wish, 'problems'>): void;
  /** Sends an Event on why a run does not start. Call it once for each reason. */
  refused(claim: Claim, purpose: 'backup' | 'drill', error: StageError): void;
}

/** After so many, the oldest is forgotten: its Event may be sent again. */
const MOST_REMEMBERED = 10_000;

export function policyEvents({ send, now }: PolicyEventOptions): PolicyEvents {
  const sent = new Set<string>();
  const sendOnce = (
    claim: Claim,
    what: readonly string[],
    event: Pick<ClaimEvent, 'reason' | 'message' | 'action'>
  ): void => {
    const { namespace, name, uid } = claim;
    const id = createHash('sha256')
      .update(JSON.stringify([uid, ...what]))
      .digest('hex');
    if (sent.has(id)) return;
    const [oldest] = sent;
    if (sent.size >= MOST_REMEMBERED && oldest !== undefined) sent.delete(oldest);
    sent.add(id);
    send({
      // The same after a restart, and the API server takes it once while it has the first one.
      name: `nkvm-policy-${id.slice(0, 20)}`,
      claim: { namespace, name, uid },
      type: 'Warning',
      at: now().toISOString(),
      ...event,
    });
  };
  return {
    problems(claim, { problems }) {
      for (const { key, value, setOn, message, hint } of problems) {
        sendOnce(claim, [key, setOn, value], {
          reason: 'InvalidBackupPolicy',
          message: sentence(message, hint),
        });
      }
    },
    refused(claim, purpose, { reason, message, hint }) {
      const [what, action] =
        purpose === 'drill'
          ? ['the scheduled restore drill does', 'Check' as const]
          : ['the scheduled backup does', 'Backup' as const];
      sendOnce(claim, [purpose, reason, message], {
        reason: purpose === 'drill' ? 'ScheduledDrillNotStarted' : 'ScheduledBackupNotStarted',
        message: sentence(`${what} not start (${reason}): ${message}`, hint),
        action,
      });
    },
  };
}

/** The longest message of an Event that the API server takes. */
const LONGEST = 1024;

const sentence = (message: string, hint: string | null | undefined): string =>
  `${message}${hint ? `. What to do: ${hint}` : ''}`.slice(0, LONGEST);
