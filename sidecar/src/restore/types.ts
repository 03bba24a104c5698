import type { RestorePlan, StartRestore } from '../../api/index.ts';
import type { StoredManifest } from '../archive/manifest.ts';
import type { Destination } from '../destinations/destination.ts';
import type { RunRecord } from '../history/history.ts';
import type { ArchiveSource, RestoreDetails } from '../history/queries/details.ts';
import type { Target } from '../jobs/job.ts';

/** An archive that a request names, wherever it lies. */
export interface SourceArchive {
  /** As in the request: id of a backup, `archive:KEY` or `upload:ID`. */
  backup: string;
  destination: Destination;
  key: string;
  /** Undefined: there is none, or it cannot be read. */
  manifest: StoredManifest | undefined;
  /** The claim that it was made of, as far as that is known. */
  source: ArchiveSource;
  bytes: number;
}

/** The request that becomes a run: nothing has changed yet. */
export interface AdmittedRestore {
  /** `uid` is empty where the claim does not exist yet. */
  target: Target;
  details: RestoreDetails;
}

/** Restores, as the routes see them. Rights are asked for before any of these is called. */
export interface RestoreEngine {
  /** @returns what the restore would do. @throws StageError where not even that can be said, e.g. ArchiveMissing. */
  plan(request: StartRestore, signal: AbortSignal): Promise<RestorePlan>;
  /**
   * Checks what can be known before anything is written.
   * @param undoOf the restore that is undone, for the record
   * @throws StageError of the first condition that fails
   */
  admit(
    request: StartRestore,
    signal: AbortSignal,
    undoOf?: string | undefined
  ): Promise<AdmittedRestore>;
  /** @returns the request that undoes a restore. @throws StageError (`NothingToUndo`) when that cannot be done. */
  undoOf(run: RunRecord): StartRestore;
}
