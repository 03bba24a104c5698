import type {
  Backup,
  BackupList,
  BackupQuery,
  BackupSummary,
  ProvenRestore,
  RunKind,
} from '../../api/index.ts';
import type { StageError } from '../errors.ts';
import type { Pruned, PruneOptions } from './pruning/pruneRuns.ts';
import type { ClaimArchives } from './queries/claimArchives.ts';
import type { RunDetails } from './queries/details.ts';

/** A run of any kind. `details` of other kinds than backups: absent where this version cannot read them. */
export type RunRecord = Backup & { details?: RunDetails | null };

/**
 * Fields that can change in a run after its request. `copies` replaces all copies of the run, and `details` all details.
 * `uid` is for a restore whose claim did not exist.
 */
export type RunChange = Partial<
  Omit<
    RunRecord,
    | 'id'
    | 'kind'
    | 'namespace'
    | 'name'
    | 'createdAt'
    | 'requestedBy'
    | 'archive'
    | 'restoreCommand'
    | 'queuePosition'
    | 'provenRestorableAt'
  >
>;

/** Namespaces by name, with the UID that each has now; undefined where it is not known. */
export type NamespaceUids = ReadonlyMap<string, string | undefined>;

/** A destination as the history knows it: the paths of archives follow from it. */
export interface DestinationRecord {
  id: string;
  kind: string;
  location: string;
}

/** ISO-8601; null: never. */
export interface DestinationProofs {
  lastProvenAt: string | null;
  lastReadBackAt: string | null;
}

/** One page of runs, and where the next begins; null: this is the last one. */
export type RunPage = Omit<BackupList, 'incomplete' | 'backups'> & { backups: RunRecord[] };

/** Which run has changed, and of which claim it is. */
export type ChangedRun = Pick<Backup, 'id' | 'namespace' | 'name' | 'status'>;

/** The newest backup, and the newest proven one, of one claim, and when one of its backups was last restored as a whole. */
export interface ClaimHistory {
  lastBackup: BackupSummary | null;
  lastSuccess: BackupSummary | null;
  lastProvenRestore: ProvenRestore | null;
}

/** A backup of the past, as the days of a volume need it. */
export type PastBackup = Pick<Backup, 'id' | 'createdAt' | 'status' | 'priority'>;

/**
 * Every run that was ever asked for. The file on disk is a complete, valid database at any moment; the journal beside it
 * has each change at once, the file has it soon. Readers see a change when it is on disk, and a note at once. After an
 * error nothing has changed; the same call may be tried again.
 */
export interface History {
  /** Takes new runs. They are on disk when the promise resolves. @throws StageError (stage `queue`) otherwise. */
  add(runs: readonly RunRecord[]): Promise<void>;

  /** Changes one run. It is on disk when the promise resolves. @throws StageError (stage `publish`) otherwise. */
  commit(id: string, change: RunChange): Promise<void>;

  /**
   * Notes the progress of a run in memory; it reaches the disk with the next commit, or soon (it may be lost).
   * @throws Error for a change of status or copies: those must be committed
   */
  note(id: string, change: RunChange): void;

  get(id: string): RunRecord | undefined;

  /**
   * @param namespaces those whose runs may be shown; runs of a namespace of the same name that had another UID are left
   *   out. Undefined: all runs.
   * @param kinds those that are listed; by default backups
   * @returns the newest runs first. A page may be shorter than `limit`, even empty, and have a cursor all the same: a
   *   call looks at a limited number of runs.
   * @throws StageError (stage `queue`, reason `BadCursor`) when the cursor is not one of NKVM.
   */
  list(query: BackupQuery, namespaces?: NamespaceUids, kinds?: readonly RunKind[]): RunPage;

  /** @returns the newest runs that read the archive of a backup: restores, verifications and drills; newest first. */
  ofBackup(id: string, limit: number): RunRecord[];

  /**
   * @param namespaceUid of the namespace as it is now; runs of one that had another UID do not count
   * @returns what is known of a claim. Keyed by UID *and* name: a re-created claim has no history.
   */
  ofClaim(uid: string, namespace: string, name: string, namespaceUid?: string): ClaimHistory;

  /**
   * @param since ISO-8601
   * @returns the backups of a claim that were requested since then, newest first; no more than 10,000
   */
  backupsSince(claim: Pick<Backup, 'uid' | 'namespace' | 'name'>, since: string): PastBackup[];

  /** @returns when the newest verification, or drill, of a claim ended, if it failed. */
  checkFailure(
    kind: 'verify' | 'drill',
    claim: Pick<Backup, 'uid' | 'namespace' | 'name'>
  ): string | null;

  /** Takes over what destinations are called and where they are; the disk has it with the next change. */
  describe(destinations: readonly DestinationRecord[]): void;

  /** @returns when an archive at a destination was last proven, and when one was last read again as a whole. */
  provenAt(destination: string): DestinationProofs;

  /** @returns runs that have not ended, oldest first. */
  unfinished(): RunRecord[];

  /** @returns the namespaces in which a claim has a run, in no order. */
  namespaces(): string[];

  /**
   * Calls `listener` after every change of a run, notes included: often, so it must be cheap.
   * @returns what ends that.
   */
  onChange(listener: (run: ChangedRun) => void): () => void;

  /**
   * Deletes runs that the history need not keep: see `pruneVerdict`. Never one whose archive is at a destination.
   * @throws StageError (stage `publish`) when the disk takes no changes
   */
  prune(options: PruneOptions): Promise<Pruned>;

  /**
   * @returns the time of the newest run that was pruned, ISO-8601: what the history lacks until then says nothing. Null: every
   *   run that was ever asked for is there.
   */
  prunedUntil(): string | null;

  /** @returns how many runs there are. */
  count(): number;

  /**
   * @param after the run that the page before has ended with; '' for the first
   * @returns copies that should be, or were, at a destination, by their run, and the size of the file there; null: not known
   */
  copiesAt(
    destination: string,
    after: string,
    limit: number
  ): { run: string; state: 'present' | 'missing'; bytes: number | null }[];

  /**
   * @returns ids of the backups that cannot be restored without the archive of the backup `run`, oldest first: those whose
   *   archive is at a destination, or is being made
   */
  dependents(run: string): string[];

  /**
   * @param after only backups with a greater id; '' for all
   * @param limit how many at most
   * @returns the increments that are present at a destination, oldest first, and ids of the backups whose archives each needs
   */
  incrementsAt(
    destination: string,
    after: string,
    limit: number
  ): { run: string; needs: string[] }[];

  /** Archives as retention looks at them. */
  readonly archives: ClaimArchives;

  /** @returns how many archives are at this destination and nowhere else. */
  onlyAt(destination: string): number;

  /**
   * @returns the greatest id of all runs, which new ones must exceed; ids that a wrong clock has given far ahead of time do
   *   not count. `undefined` when there is none.
   */
  newestId(): string | undefined;

  /**
   * Gives runs that were recorded without identities those of this cluster: the cluster's, and that of their namespace
   * where it is older than the run. The file has it with the next checkpoint.
   * @returns how many were changed
   */
  fillIdentity(
    clusterUid: string,
    namespaces: Iterable<{ name: string; uid: string; createdAt: string }>
  ): number;

  /** While it is read-only, every change fails with `problem()`. It ends by itself when the disk takes changes again. */
  isReadOnly(): boolean;

  /** @returns why nothing can be written at present; null when all is well. */
  problem(): StageError | null;

  /** Writes what is not on disk yet, brings the file up to date, and closes it. Never throws: `onNotice` tells. */
  close(): Promise<void>;
}
