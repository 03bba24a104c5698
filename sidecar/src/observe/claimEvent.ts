import { parse } from 'node:path';
import type { Backup } from '../../api/index.ts';
import type { ClaimEvent } from '../cluster/events.ts';
import { sizeText } from '../destinations/size.ts';

/** The longest message that the API server takes in `events.k8s.io`; longer ones make no better reading. */
const LONGEST = 1024;
const REASONS = {
  success: 'BackupSucceeded',
  failed: 'BackupFailed',
  cancelled: 'BackupCancelled',
} as const;

/**
 * What a claim's Event says of a run that has ended. Nothing of who asked for it: whoever sees the claim sees the Event.
 *
 * | run | type | reason |
 * | --- | --- | --- |
 * | success | Normal | BackupSucceeded |
 * | success, with warnings | Warning | BackupSucceeded |
 * | failed | Warning | BackupFailed |
 * | cancelled | Normal | BackupCancelled |
 *
 * @returns undefined for a run that has not ended.
 */
export function claimEventOf(run: Backup): ClaimEvent | undefined {
  const { id, namespace, name, uid, status, warnings } = run;
  if (status === 'queued' || status === 'running') return undefined;
  const isBad = status === 'failed' || (status === 'success' && warnings.length > 0);
  return {
    // One run, one Event, however often it is sent.
    name: `nkvm-backup-${id}`,
    claim: { namespace, name, uid },
    type: isBad ? 'Warning' : 'Normal',
    reason: REASONS[status],
    message: shortened(`${messageOf(run)} (run ${id})`),
    at: run.endedAt ?? run.createdAt,
  };
}

function messageOf(run: Backup): string {
  const { status, stage, reason, message, hint, archive, bytes, warnings } = run;
  switch (status) {
    case 'success': {
      const size = bytes === null ? '' : `: ${sizeText(bytes)}`;
      const where = archive === null ? '' : ` as ${parse(archive).base}`;
      const count = warnings.length;
      const but = count > 0 ? `; ${count} warning${count > 1 ? 's' : ''}` : '';
      return `Backed up${size}${where}${but}`;
    }
    case 'failed': {
      const at = stage === null ? '' : ` at stage ${stage}`;
      const what = hint === null ? '' : `. What to do: ${hint}`;
      return `Backup failed${at} (${reason ?? 'unknown reason'}): ${message}${what}`;
    }
    default:
      return `Backup ${message || status}`;
  }
}

/** The run's id stands at the end, and stays. */
function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  const end = text.slice(text.lastIndexOf(' (run '));
  return `${text.slice(0, LONGEST - end.length - 1)}…${end}`;
}
