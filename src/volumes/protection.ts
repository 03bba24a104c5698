import type { BackupSummary, Volume } from '../../sidecar/api';
import { isFinal } from '../api/final';

/** How a volume stands, in one word. */
export type Protection =
  | 'lost'
  | 'queued'
  | 'running'
  | 'unbound'
  | 'hidden'
  | 'failed'
  /** The newest run stored its archive at some of its destinations only. */
  | 'incomplete'
  /** The last good backup is older than it should be. */
  | 'old'
  | 'backedUp'
  | 'never';

const HOUR_MS = 3_600_000;

/** The oldest that a good backup should be, by the label `backup` of the claim: its interval, and time for the run. */
const OLDEST_MS: Record<string, number> = {
  hourly: 2 * HOUR_MS,
  daily: 26 * HOUR_MS,
  weekly: 8 * 24 * HOUR_MS,
  monthly: 32 * 24 * HOUR_MS,
};
const OLDEST_WITHOUT_LABEL_MS = 26 * HOUR_MS;

/** @param nowMs since 1970. */
export function isOld({ labels, lastSuccess }: Volume, nowMs: number): boolean {
  if (!lastSuccess) return false;
  const oldestMs = OLDEST_MS[labels.backup ?? ''] ?? OLDEST_WITHOUT_LABEL_MS;
  return nowMs - Date.parse(lastSuccess.endedAt ?? lastSuccess.createdAt) > oldestMs;
}

/** Whether a run has left a good archive, but not at every destination that it was asked for. */
export const isIncomplete = ({ status, presentAt }: BackupSummary): boolean =>
  status === 'failed' && presentAt.length > 0;

/** The most urgent one has the lowest number: for sorting. */
const URGENCY: Record<Protection, number> = {
  lost: 0,
  failed: 1,
  never: 2,
  incomplete: 3,
  old: 4,
  unbound: 5,
  hidden: 6,
  queued: 7,
  running: 8,
  backedUp: 9,
};

/** Orders volumes by urgency, and those that stand alike by the date of the last good backup, oldest first. */
export function byUrgency(one: Volume, other: Volume, nowMs: number): number {
  const urgency = (volume: Volume) => URGENCY[protectionOf(volume, nowMs)];
  const goodAt = ({ lastSuccess }: Volume) => lastSuccess?.endedAt ?? lastSuccess?.createdAt ?? '';
  const [a, b] = [goodAt(one), goodAt(other)];
  return urgency(one) - urgency(other) || (a < b ? -1 : a > b ? 1 : 0);
}

/** A cancelled run says nothing about a volume: what was proven before it still is. */
export function protectionOf(volume: Volume, nowMs: number): Protection {
  const { phase, lastBackup, lastSuccess, backupsVisible } = volume;
  if (phase === 'Lost') return 'lost';
  if (lastBackup && !isFinal(lastBackup.status)) {
    return lastBackup.status === 'queued' ? 'queued' : 'running';
  }
  if (!backupsVisible) return 'hidden';
  if (lastBackup?.status === 'failed') {
    return isIncomplete(lastBackup) ? 'incomplete' : 'failed';
  }
  if (lastSuccess) return isOld(volume, nowMs) ? 'old' : 'backedUp';
  return phase === 'Pending' ? 'unbound' : 'never';
}
