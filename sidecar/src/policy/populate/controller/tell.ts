import type { BackupRestores } from '../../../cluster/writes/backupRestores.ts';
import type { ClaimId } from '../../../cluster/writes/claimWrites.ts';
import type { SendEvent } from '../../../cluster/writes/events.ts';
import { textOf } from '../../../errors.ts';
import type { Log } from '../../../log.ts';
import type { Shown } from './conditions.ts';
import { statusOf } from './conditions.ts';

export interface TellOptions {
  restores: Pick<BackupRestores, 'show'>;
  send: SendEvent;
  /** Takes out of texts what not everybody may know who sees the claim. */
  hide(text: string): string;
  now(): Date;
  log: Pick<Log, 'info' | 'warn'>;
}

/** Tells people about claims that wait. */
export interface Tell {
  /** Shows how far a claim is: beside it, and where something has changed with an Event on it. Never throws. */
  say(claim: ClaimId, shown: Shown): Promise<void>;
  /** @returns what was said last. */
  last(uid: string): Shown | undefined;
  /** Forgets a claim. */
  forget(uid: string): void;
}

/** The same Event comes again after this time: Kubernetes keeps Events for an hour. */
const AGAIN_MS = 30 * 60_000;
const LONGEST = 1024;

interface Said {
  shown: Shown;
  /** The text that the object beside the claim has; undefined: not known. */
  stored: string | undefined;
  /** When the last Event was sent, and about which reason. */
  event: { reason: string; atMs: number } | undefined;
}

export function tellOf({ restores, send, hide, now, log }: TellOptions): Tell {
  const all = new Map<string, Said>();

  const store = async (claim: ClaimId, said: Said): Promise<void> => {
    const { message, hint } = said.shown;
    const status = statusOf({
      ...said.shown,
      message: hide(message),
      hint: hint === null ? null : hide(hint),
    });
    const text = JSON.stringify(status);
    if (text === said.stored) return;
    said.stored = undefined;
    try {
      await restores.show(claim, status, now().toISOString());
      said.stored = text;
    } catch (error) {
      log.warn(
        { namespace: claim.namespace, pvc: claim.name },
        `the BackupRestore of a claim could not be updated: ${textOf(error)}`
      );
    }
  };

  const announce = async (claim: ClaimId, said: Said): Promise<void> => {
    const { state, reason, message, hint } = said.shown;
    const atMs = now().getTime();
    const isOld = said.event?.reason === reason && atMs - said.event.atMs < AGAIN_MS;
    if (isOld) return;
    said.event = { reason, atMs };
    const isGood = state === 'restoring' || state === 'binding' || state === 'bound';
    const text = hide(hint && !isGood ? `${message}. What to do: ${hint}` : message);
    log.info({ namespace: claim.namespace, pvc: claim.name, reason }, message);
    const sent = await send({
      name: `nkvm-populate-${claim.uid.slice(0, 8)}-${atMs.toString(36)}`,
      claim,
      action: 'Restore',
      type: isGood || reason === 'WaitForFirstConsumer' ? 'Normal' : 'Warning',
      reason,
      message: text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text,
      at: now().toISOString(),
    });
    if (sent.outcome === 'sent') return;
    said.event = undefined;
    log.warn(
      { namespace: claim.namespace, pvc: claim.name },
      `no Event on the claim: ${sent.message}`
    );
  };

  return {
    async say(claim, shown) {
      const before = all.get(claim.uid);
      const isSame = before?.shown.state === shown.state && before.shown.reason === shown.reason;
      const said: Said = {
        shown: isSame ? { ...shown, since: before.shown.since } : shown,
        stored: before?.stored,
        event: before?.event,
      };
      all.set(claim.uid, said);
      if (shown.state === 'deciding') return; // within seconds there is more to say
      await store(claim, said);
      await announce(claim, said);
    },
    last: uid => all.get(uid)?.shown,
    forget: uid => void all.delete(uid),
  };
}
