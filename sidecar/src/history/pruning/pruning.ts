import type { BackupStatus, Copy, RunKind } from '../../../api/index.ts';

/** How long the history keeps runs whose archives are at no destination. */
export interface PruneRules {
  /** Backups that succeeded, restores and drills. */
  keepMs: number;
  /** Backups that failed or were cancelled, verifications and copies. */
  keepOthersMs: number;
  /** How many backups, verifications and copies without a present archive are kept at most, whatever their age. */
  maxRuns: number;
}

/** The facts of one run that the decision needs. */
export interface PruneFacts {
  /** Undefined: only a later version knows it. */
  kind: RunKind | undefined;
  status: BackupStatus | undefined;
  /** Milliseconds since 1970: when it ended, or was asked for where that is not known. */
  at: number;
  copies: readonly Copy['state'][];
  /** The newest run, the newest good backup, check or proof of its claim: what is shown of that claim rests on it. */
  isNewest: boolean;
  /** Whether the claim exists; also true where that is not known. */
  claimExists: boolean;
  /** A restore or a drill that is still in the history read its archive. */
  isRead: boolean;
  /** It proves, or has restored, an archive that is still there, or it is where archives of its claim come from. */
  isEvidence: boolean;
}

/** `old`: it goes. `spare`: it goes when there are more than the maximum. */
export type PruneVerdict = 'keep' | 'spare' | 'old';

/**
 * @param nowMs the time from which ages are counted
 * @returns whether a run may leave the history. Anything that is not understood stays.
 */
export function pruneVerdict(
  run: PruneFacts,
  { keepMs, keepOthersMs }: PruneRules,
  nowMs: number
): PruneVerdict {
  if (run.kind === undefined || !hasEnded(run.status)) return 'keep';
  if (run.copies.some(state => state === 'present' || state === 'awaited')) return 'keep';
  if (run.isRead || run.isEvidence) return 'keep';
  // Nobody asks for the newest run of a claim that is gone; clusters make and delete claims without end.
  if (run.isNewest && run.claimExists) return 'keep';
  const isLong = isKeptLong(run.kind, run.status);
  if (nowMs - run.at > (isLong ? keepMs : keepOthersMs)) return 'old';
  // A missing archive may come back, and then it belongs to its run. Restores are few.
  if (run.copies.includes('missing') || run.kind === 'restore' || run.isNewest) return 'keep';
  return 'spare';
}

function hasEnded(status: BackupStatus | undefined): boolean {
  switch (status) {
    case 'success':
    case 'failed':
    case 'cancelled':
      return true;
    case 'queued':
    case 'running':
    case undefined:
      return false;
  }
}

function isKeptLong(kind: RunKind, status: BackupStatus | undefined): boolean {
  switch (kind) {
    case 'backup':
      return status === 'success';
    case 'restore':
    case 'drill':
      return true;
    case 'verify':
    case 'copy':
      return false;
  }
}
