import type { BackupSummary } from '../../api/index.ts';
import type { ClaimHistory } from './history.ts';
import type { Run } from './row.ts';

/** The claim that a run is of; a re-created one has another UID. */
export type ClaimOf = Pick<Run, 'uid' | 'namespace' | 'name'>;

export const NO_HISTORY: ClaimHistory = Object.freeze({ lastBackup: null, lastSuccess: null });

export const summaryOf = (run: Run): BackupSummary => ({
  id: run.id,
  status: run.status,
  stage: run.stage,
  createdAt: run.createdAt,
  endedAt: run.endedAt,
  bytes: run.bytes,
  message: run.message,
});

/**
 * @param known what was known of the claim
 * @param run one of its runs as it is now
 * @returns what is known now; `undefined` when the table must be asked: its last success is none any more
 */
export function headsAfter(known: ClaimHistory, run: Run): ClaimHistory | undefined {
  const { lastBackup, lastSuccess } = known;
  const summary = summaryOf(run);
  const isProven = run.status === 'success';
  if (!isProven && lastSuccess?.id === run.id) return undefined;
  return {
    lastBackup: isAtLeastAsNew(run, lastBackup) ? summary : lastBackup,
    lastSuccess: isProven && isAtLeastAsNew(run, lastSuccess) ? summary : lastSuccess,
  };
}

/** In the order of lists: by time, then by id. */
const isAtLeastAsNew = (run: Run, other: BackupSummary | null): boolean =>
  other === null ||
  run.createdAt > other.createdAt ||
  (run.createdAt === other.createdAt && run.id >= other.id);
