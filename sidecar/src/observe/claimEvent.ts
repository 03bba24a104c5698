import { parse } from 'node:path';
import type { BackupStatus, RunKind } from '../../api/index.ts';
import type { ClaimEvent } from '../cluster/writes/events.ts';
import { sizeText } from '../destinations/size.ts';
import type { RunRecord } from '../history/history.ts';
import type { SourceVolume } from '../restore/hiddenSource.ts';
import { sourceOf, withoutSource } from '../restore/hiddenSource.ts';

/** The longest message that the API server takes in `events.k8s.io`; longer ones make no better reading. */
const LONGEST = 1024;

interface Words {
  /** Begins the reason. */
  subject: string;
  /** Of the Event's own name. */
  name: string;
  action: ClaimEvent['action'];
  /** Begins the message. */
  what: string;
  /** The work of a successful run. */
  done: string;
}

const WORDS: Record<RunKind, Words> = {
  backup: words('Backup', 'backup', 'Backup', 'Backed up'),
  restore: words('Restore', 'restore', 'Restore', 'Restored'),
  verify: { ...words('Verification', 'verify', 'Verification', 'Verified'), action: 'Check' },
  drill: { ...words('RestoreDrill', 'drill', 'Restore drill', 'Restore drill'), action: 'Check' },
  copy: words('Backup', 'copy', 'Copy of a backup', 'Copied'),
};

const ENDS: Record<Exclude<BackupStatus, 'queued' | 'running'>, string> = {
  success: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/**
 * The claim of the Event about a run that has ended: of a restore, the claim that it wrote into; of a verification or a
 * drill, the claim that was backed up. Everyone who may see the claim sees the Event: it names neither the requester nor
 * a claim of another namespace whose archive was restored.
 *
 * | run | type | reason |
 * | --- | --- | --- |
 * | success | Normal | BackupSucceeded, RestoreSucceeded, VerificationSucceeded, RestoreDrillSucceeded |
 * | success, with warnings | Warning | the same |
 * | failed | Warning | …Failed |
 * | cancelled | Normal | …Cancelled |
 *
 * @returns undefined for a run that has not ended, and for a restore whose claim was never made, or was deleted again.
 */
export function claimEventOf(run: RunRecord): ClaimEvent | undefined {
  const { id, kind, namespace, name, uid, status, warnings } = run;
  if (status === 'queued' || status === 'running' || uid === '') return undefined;
  const isBad = status === 'failed' || (status === 'success' && warnings.length > 0);
  const { subject, name: called, action } = WORDS[kind];
  return {
    // One run, one Event, however often it is sent.
    name: `nkvm-${called}-${id}`,
    claim: { namespace, name, uid },
    action,
    type: isBad ? 'Warning' : 'Normal',
    reason: subject + ENDS[status],
    message: shortened(`${messageForAll(run)} (run ${id})`),
    at: run.endedAt ?? run.createdAt,
  };
}

/** @returns what the claim's Event says when a run made way for a pod that needs the volume. */
export function wantedEventOf(run: RunRecord, pod: string): ClaimEvent {
  const { id, kind, namespace, name, uid, retryAt, createdAt, stages } = run;
  const at = stages.at(-1)?.endedAt ?? createdAt;
  const { name: called, what, action } = WORDS[kind];
  return {
    // One for each time.
    name: `nkvm-${called}-${id}-wanted-${Date.parse(at).toString(36)}`,
    claim: { namespace, name, uid },
    ...{ action, type: 'Normal', reason: 'VolumeWanted' },
    message: shortened(
      `${what} stopped reading the volume, because pod ${pod} needs it to start; NKVM tries again at ${retryAt} (run ${id})`
    ),
    at,
  };
}

function words(
  subject: 'Backup' | 'Restore' | 'Verification' | 'RestoreDrill',
  name: string,
  what: string,
  done: string
): Words {
  return { subject, name, what, done, action: subject === 'Restore' ? 'Restore' : 'Backup' };
}

/** Everyone who reads Events of a namespace may know its claims, and not those of another one. */
function messageForAll(run: RunRecord): string {
  const source = sourceOf(run);
  const isOfNamespace = source === 'own' || (source !== 'unknown' && isSameNamespace(source, run));
  return isOfNamespace ? messageOf(run) : withoutSource(run)(messageOf(run));
}

/** One that has the name only is of another cluster, or was deleted before this one was created. */
const isSameNamespace = (
  { namespace, namespaceUid, isElsewhere }: Exclude<SourceVolume, string>,
  run: RunRecord
): boolean =>
  !isElsewhere &&
  namespace === run.namespace &&
  namespaceUid !== null &&
  namespaceUid === run.namespaceUid;

function messageOf(run: RunRecord): string {
  const { kind, status, stage, reason, message, hint, bytes, warnings } = run;
  const { what, done } = WORDS[kind];
  switch (status) {
    case 'success': {
      const size = bytes === null ? '' : `: ${sizeText(bytes)}`;
      const count = warnings.length;
      const but = count > 0 ? `; ${count} warning${count > 1 ? 's' : ''}` : '';
      return `${done}${size}${archiveText(run)}${but}`;
    }
    case 'failed': {
      const at = stage === null ? '' : ` at stage ${stage}`;
      const todo = hint === null ? '' : `. What to do: ${hint}`;
      return `${what} failed${at} (${reason ?? 'unknown reason'}): ${message}${todo}`;
    }
    default:
      return `${what} ${message || status}`;
  }
}

function archiveText({ archive, details }: RunRecord): string {
  if (archive !== null) return ` as ${parse(archive).base}`;
  if (details?.kind === 'restore') return ` from ${details.archive}`;
  return details ? ` of backup ${details.backup}` : '';
}

/** The run's id stands at the end, and stays. */
function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  const end = text.slice(text.lastIndexOf(' (run '));
  return `${text.slice(0, LONGEST - end.length - 1)}…${end}`;
}
