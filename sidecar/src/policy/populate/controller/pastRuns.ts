import type { Claim } from '../../../cluster/inventory/inventory.ts';
import type { History, RunRecord } from '../../../history/history.ts';
import type { FailedRestore } from '../decision.ts';

type ClaimId = Pick<Claim, 'namespace' | 'name' | 'uid'>;

/** Older failures of one claim do not change the decision. */
const NEWEST = 50;

/** @returns the ended restores that were to fill this very claim, newest first. */
export const pastRuns = (history: Pick<History, 'list'>, claim: ClaimId): RunRecord[] => {
  const { namespace, name, uid } = claim;
  return history
    .list({ namespace, name, limit: NEWEST }, undefined, ['restore'])
    .backups.filter(run => run.uid === uid && run.endedAt !== null && backupOf(run) !== undefined);
};

/** @returns the restore of this claim that has not ended. */
export const runUnderWay = (
  history: Pick<History, 'unfinished'>,
  { uid }: Pick<Claim, 'uid'>
): RunRecord | undefined =>
  history.unfinished().find(run => run.uid === uid && backupOf(run) !== undefined);

/** @returns the backup that a run fills a claim from; undefined: it is another run. */
export const backupOf = ({ details }: RunRecord): string | undefined =>
  details?.kind === 'restore' ? details.populates?.backup : undefined;

/** A failure, and when its backup may be tried again. */
export interface PastFailure extends FailedRestore {
  hint: string | null;
  /** ISO-8601. */
  retryAt: string;
}

const FIRST_MS = 30_000;
/** Each attempt reads the whole archive. */
const LONGEST_MS = 10 * 60_000;

/** @param runs see `pastRuns` @returns what has failed, one entry for each backup. Cancelled runs count: they are tried again. */
export function failuresOf(runs: readonly RunRecord[]): PastFailure[] {
  const found = new Map<string, PastFailure>();
  for (const run of runs) {
    const backup = backupOf(run);
    if (backup === undefined || run.status === 'success') continue;
    const known = found.get(backup);
    if (known) {
      known.attempts += 1;
      continue;
    }
    const at = run.endedAt ?? run.createdAt;
    found.set(backup, {
      ...{ backup, at, attempts: 1, retryAt: at, reason: run.reason ?? 'Unexpected' },
      ...(run.status === 'cancelled' && { reason: 'Cancelled' }),
      ...{ message: run.message, hint: run.hint },
    });
  }
  for (const failure of found.values()) {
    const delayMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failure.attempts - 1));
    failure.retryAt = new Date(Date.parse(failure.at) + delayMs).toISOString();
  }
  return [...found.values()];
}
