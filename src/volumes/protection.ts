import type { BackupSummary, Volume, VolumePolicy } from '../../sidecar/api';
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
  | 'never'
  /** From here on they come from the schedule of the volume. */
  | 'protected'
  /** Its first run is still to come. */
  | 'waiting'
  | 'overdue'
  | 'suspended'
  | 'held'
  | 'invalid'
  /** The sidecar could not find out. */
  | 'unknown'
  /** The claim is filled from a backup. */
  | 'restoring'
  | 'restoreWaits'
  | 'needsDecision';

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
  needsDecision: 1,
  invalid: 2,
  overdue: 3,
  failed: 4,
  never: 5,
  incomplete: 6,
  old: 7,
  restoreWaits: 8,
  unknown: 9,
  held: 10,
  suspended: 11,
  unbound: 12,
  hidden: 13,
  restoring: 14,
  queued: 15,
  running: 16,
  waiting: 17,
  backedUp: 18,
  protected: 19,
};

/** All of them, most urgent first. */
export const PROTECTIONS = Object.keys(URGENCY) as Protection[];

/** A volume, and what is planned for it where that is known. */
export interface Planned {
  volume: Volume;
  policy?: VolumePolicy;
}

/** Orders volumes by urgency, and equally urgent ones by the date of the last good backup, oldest first. */
export function byUrgency(one: Planned, other: Planned, nowMs: number): number {
  const urgency = ({ volume, policy }: Planned) => URGENCY[protectionOf(volume, nowMs, policy)];
  const goodAt = ({ volume: { lastSuccess } }: Planned) =>
    lastSuccess?.endedAt ?? lastSuccess?.createdAt ?? '';
  const [a, b] = [goodAt(one), goodAt(other)];
  return urgency(one) - urgency(other) || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * The one state that is shown of a volume: its runs and its schedule say something different, and the more urgent counts.
 *
 * | the runs say           | the schedule says                            | shown        |
 * | ---------------------- | -------------------------------------------- | ------------ |
 * | lost, queued, running  | anything                                     | the runs     |
 * | anything               | a restore is pending                         | the restore  |
 * | hidden                 | anything else                                | hidden       |
 * | anything               | invalid, overdue, held                       | the schedule |
 * | failed, incomplete     | protected, waiting, suspended, unknown, none | the runs     |
 * | unbound                | protected, waiting, unknown, none            | unbound      |
 * | backed up, old, never  | protected, waiting, suspended, unknown       | the schedule |
 * | backed up, old, never  | none                                         | the runs     |
 */
export function protectionOf(volume: Volume, nowMs: number, policy?: VolumePolicy): Protection {
  const ofRuns = protectionOfRuns(volume, nowMs);
  if (!policy || ['lost', 'queued', 'running'].includes(ofRuns)) return ofRuns;
  if (policy.populate) return POPULATING[policy.populate.state];
  if (ofRuns === 'hidden') return ofRuns;
  switch (policy.state) {
    case 'unprotected':
      return ofRuns;
    case 'invalid':
    case 'overdue':
    case 'held':
      return policy.state;
    case 'suspended':
      return ofRuns === 'failed' || ofRuns === 'incomplete' ? ofRuns : policy.state;
    case 'protected':
    case 'waiting':
    case 'unknown':
      return ['failed', 'incomplete', 'unbound'].includes(ofRuns) ? ofRuns : policy.state;
  }
}

const POPULATING: Record<NonNullable<VolumePolicy['populate']>['state'], Protection> = {
  deciding: 'restoreWaits',
  waiting: 'restoreWaits',
  'needs-decision': 'needsDecision',
  restoring: 'restoring',
  binding: 'restoring',
};

/** A cancelled run says nothing about a volume: what was proven before it still is. */
function protectionOfRuns(volume: Volume, nowMs: number): Protection {
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
