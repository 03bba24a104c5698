import type { Readable } from 'node:stream';
import type { Backup } from '../../api/index.ts';
import type { ClusterInventory } from '../cluster/inventory/inventory.ts';
import type { ClaimId, ClaimWrites } from '../cluster/writes/claimWrites.ts';
import type { Fence } from '../fence.ts';
import type { History, RunChange, RunRecord } from '../history/history.ts';
import type { RestoreDetails } from '../history/queries/details.ts';
import type { StageClock } from '../jobs/stageClock.ts';
import type { ReadUsers } from './claim/users.ts';
import type { IntoClaimWorld } from './intoClaim.ts';
import type { TakeSafetyBackup } from './safetyBackup.ts';
import type { Scaler } from './scale/scaler.ts';
import type { RestoreSource, SourceWorld } from './source.ts';
import type { Steps } from './steps.ts';

/** Entries of an archive that were asked for, as a tar of their own. */
export interface SelectedEntries {
  entries: number;
  /** Bytes of contents. */
  bytes: number;
  /** Of the tar that they make, at most. */
  rawBytes: number;
  /** Reads only the parts of the archive that hold them. */
  open(signal: AbortSignal): Readable;
}

/**
 * @returns the entries that the paths stand for
 * @throws StageError: `PathNotInArchive`, `HardLinkBroken`, or why the archive cannot be read
 */
export type SelectEntries = (
  source: RestoreSource,
  paths: readonly string[],
  signal: AbortSignal
) => Promise<SelectedEntries>;

/** The dependencies of a restore. */
export interface RestoreWorld extends IntoClaimWorld, Omit<SourceWorld, 'history'> {
  /** Asked before each change that another process must not make at the same time. */
  fence: Fence;
  history: Pick<History, 'get' | 'commit'>;
  inventory: Pick<ClusterInventory, 'claim' | 'namespace' | 'podsOf' | 'storageClasses'>;
  readUsers: ReadUsers;
  claims: ClaimWrites;
  scaler: Scaler;
  selectEntries: SelectEntries;
  takeSafetyBackup: TakeSafetyBackup;
  now(): Date;
}

/** One attempt under way: its run, and what is known so far. */
export interface RestoreAttempt {
  run: RunRecord;
  world: RestoreWorld;
  clock: StageClock;
  steps: Steps;
  /** Ends the attempt, for whatever reason. */
  signal: AbortSignal;
  /** Changes that are shown; they are on disk with the next `record`, or soon. */
  show(change: Partial<RestoreDetails>, more?: RunChange): void;
  /** The same, on disk when it resolves. */
  record(change: Partial<RestoreDetails>, more?: RunChange): Promise<void>;
  details: RestoreDetails;
  /** The claim that this attempt has made. */
  made?: ClaimId | undefined;
  /** Deletions that go on beside the run: why each failed, or undefined. They never reject. */
  closing: Promise<string | undefined>[];
  helper?: NonNullable<Backup['helper']>;
  warnings: string[];
}

/** The details of a restore before its first attempt. */
export const isNewClaim = ({ target }: RestoreDetails): boolean => target.mode === 'new';

/** The claim of the run is the one that it makes, and not one that gets the volume later. */
export const makesOwnClaim = (details: RestoreDetails): boolean =>
  isNewClaim(details) && details.populates === undefined;
