import type { Backup, BackupList, BackupQuery, BackupSummary } from '../../api/index.ts';

/** What can change in a run after it was asked for. */
export type RunChange = Partial<
  Omit<
    Backup,
    | 'id'
    | 'namespace'
    | 'name'
    | 'uid'
    | 'createdAt'
    | 'requestedBy'
    | 'restoreCommand'
    | 'queuePosition'
  >
>;

/** Which run has changed, and of which claim it is. */
export type ChangedRun = Pick<Backup, 'id' | 'namespace' | 'name' | 'status'>;

/** The newest run, and the newest proven one, of one claim. */
export interface ClaimHistory {
  lastBackup: BackupSummary | null;
  lastSuccess: BackupSummary | null;
}

/**
 * Every run that was ever asked for. The file on disk is a whole, valid database at any moment; it has a change soon,
 * the journal beside it at once. Readers see a change when it is on disk, and a note at once. After an error nothing
 * has changed; the same call may be tried again.
 */
export interface History {
  /** Takes new runs. They are on disk when the promise resolves. @throws StageError (stage `queue`) otherwise. */
  add(runs: readonly Backup[]): Promise<void>;

  /** Changes one run. It is on disk when the promise resolves. @throws StageError (stage `publish`) otherwise. */
  commit(id: string, change: RunChange): Promise<void>;

  /** Changes one run in memory; it reaches the disk with the next commit, or soon (progress may be lost). */
  note(id: string, change: RunChange): void;

  get(id: string): Backup | undefined;

  /** @throws StageError (stage `queue`, reason `BadCursor`) when the cursor is not one of ours. */
  list(
    query: BackupQuery,
    mayRead?: (namespace: string, name: string) => boolean
  ): Pick<BackupList, 'backups' | 'nextCursor'>;

  /** @returns what is known of a claim. Keyed by UID *and* name: a re-created claim has no history. */
  ofClaim(uid: string, namespace: string, name: string): ClaimHistory;

  /** @returns runs that have not ended, oldest first. */
  unfinished(): Backup[];

  /** @returns the namespaces in which a claim has a run, in no order. */
  namespaces(): string[];

  /**
   * Calls `listener` after every change of a run, notes included: often, so it must be cheap.
   * @returns what ends that.
   */
  onChange(listener: (run: ChangedRun) => void): () => void;

  /** @returns how many runs there are. */
  count(): number;

  /** @returns the greatest id of all runs: new ones must be greater. `undefined` when there is no run. */
  newestId(): string | undefined;

  /** Writes what is not on disk yet, brings the file up to date, and lets go of it. */
  close(): Promise<void>;
}
