import { textOf } from '../../errors.ts';
import type { History, RunRecord } from '../../history/history.ts';
import type { Queue } from '../../jobs/queue/queue.ts';
import type { Log } from '../../log.ts';

export interface AskForCopiesOptions {
  history: Pick<History, 'get' | 'list'>;
  queue: Pick<Queue, 'add'>;
  log: Pick<Log, 'warn'>;
}

/** Asks for the copies that backups await. */
export interface AskForCopies {
  /** To be called when a backup has ended. Never throws. */
  of(backup: Pick<RunRecord, 'id'>): Promise<void>;
  /** The same for the last backups, e.g. those made before a restart. A copy that is asked for already is not made twice. */
  ofAll(): Promise<void>;
}

/** How many backups are looked at, of those that failed and of the others. */
const LAST = 200;

export function askForCopies({ history, queue, log }: AskForCopiesOptions): AskForCopies {
  const ask = async (backup: RunRecord): Promise<void> => {
    if (backup.kind !== 'backup' || backup.endedAt === null) return;
    if (!backup.copies.some(({ state }) => state === 'present')) return;
    for (const { destination, state } of backup.copies) {
      if (state === 'awaited') await askForCopy(queue, backup, destination, backup.requestedBy);
    }
  };
  const safely = async (backups: readonly RunRecord[]): Promise<void> => {
    for (const backup of backups) {
      await ask(backup).catch(error =>
        log.warn({ run: backup.id }, `a missing copy could not be requested: ${textOf(error)}`)
      );
    }
  };
  return {
    async of({ id }) {
      const backup = history.get(id);
      if (backup) await safely([backup]);
    },
    async ofAll() {
      // Without a copy that is optional a backup is a success.
      for (const status of ['failed', 'success'] as const)
        await safely(history.list({ status, limit: LAST }).backups);
    },
  };
}

/** @returns the run that makes the copy: a new one, or the one that is to make it already. */
export async function askForCopy(
  queue: Pick<Queue, 'add'>,
  backup: RunRecord,
  destination: string,
  requestedBy: string,
  priority: 'scheduled' | 'on-demand' = 'scheduled'
): Promise<RunRecord> {
  const { id, namespace, name, uid, namespaceUid, clusterUid } = backup;
  const target = { namespace, name, uid, place: { namespaceUid, clusterUid } };
  const totalBytes = backup.copies.find(({ state }) => state === 'present')?.bytes ?? null;
  const details = { kind: 'copy', backup: id, destination, totalBytes } as const;
  const [run] = await queue.add([target], { kind: 'copy', details, requestedBy, priority });
  if (!run) throw new Error('the queue returned no run');
  return run;
}
