import type { Copy } from '../../../api/index.ts';
import { PausedError } from '../../destinations/places/health.ts';
import type { StageError } from '../../errors.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { changeCopies } from '../../history/queries/changeCopies.ts';
import type { RetryPolicy } from '../../jobs/job.ts';
import { copyWithout, problemOf, verdictOnCopies, warningsOnCopies } from './copiesVerdict.ts';
import { untilMs } from './targets.ts';

/** The records of the backups that are copied. */
export interface BackupRecords {
  history: Pick<History, 'get' | 'commit'>;
  /** When a failed copy is tried again. */
  retry: RetryPolicy;
  now(): Date;
  /** Is told of the backup when its record has changed. */
  onBackup?(backup: RunRecord): void;
}

/** Puts a copy into the record of its backup, which may be complete with it. */
export async function keepCopy(id: string, copy: Copy, world: BackupRecords): Promise<void> {
  const { history } = world;
  await changeCopies(history, id, now => {
    const copies = withCopy(now.copies, copy);
    if (now.status !== 'failed' || now.reason !== 'Incomplete') return { copies };
    const warnings = [
      ...now.warnings.filter(text => !text.startsWith('missing at ')),
      ...warningsOnCopies(copies),
    ];
    return { copies, ...verdictOnCopies(copies, 'backed up'), warnings };
  });
  const after = history.get(id);
  if (after) world.onBackup?.(after);
}

/** Says in the record of the backup why the copy is not there, and when it is tried again. */
export async function keepFailure(
  run: RunRecord,
  error: StageError,
  { isCancelled, retryAfterMs }: { isCancelled: boolean; retryAfterMs: number },
  world: BackupRecords
): Promise<void> {
  const { history, retry, now } = world;
  const { details, attempt } = run;
  const backup = details?.kind === 'copy' ? history.get(details.backup) : undefined;
  if (!backup || details?.kind !== 'copy') return;
  const { destination: name } = details;
  const known = backup.copies.find(({ destination }) => destination === name);
  if (known?.state === 'present') return;
  const isPause = error instanceof PausedError;
  const isLast = isCancelled || (!isPause && attempt >= retry.maxAttempts);
  const waitMs = isPause ? untilMs(error, now()) : Math.max(retry.delayMs(attempt), retryAfterMs);
  const retryAt = new Date(now().getTime() + waitMs).toISOString();
  if (known?.state === 'missing' || known?.state === 'deleted') {
    // The record of the former archive is kept: the archive may be found again.
    await keepCopy(backup.id, { ...known, problem: problemOf(error) }, world).catch(
      () => undefined
    );
    return;
  }
  const key = known?.key ?? backup.copies[0]?.key ?? '';
  const copy = copyWithout(
    { name, isRequired: known?.isRequired ?? false, key },
    error,
    isLast ? null : retryAt
  );
  await keepCopy(backup.id, isLast ? { ...copy, state: 'failed' } : copy, world).catch(
    () => undefined // the run itself says it as well
  );
}

const withCopy = (copies: readonly Copy[], copy: Copy): Copy[] => {
  const isThere = copies.some(({ destination }) => destination === copy.destination);
  return isThere
    ? copies.map(each => (each.destination === copy.destination ? copy : each))
    : [...copies, copy];
};
