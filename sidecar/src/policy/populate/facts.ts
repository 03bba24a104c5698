import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { Candidate, FailedRestore, Why } from './decision.ts';

/** Facts about a claim that is to get its data back, and about the archives that it could get. */
export interface PopulateFacts {
  claim: Pick<
    Claim,
    | 'namespace'
    | 'name'
    | 'phase'
    | 'terminating'
    | 'volumeMode'
    | 'requestedBytes'
    | 'dataSource'
    | 'policyNotes'
  >;
  namespace: 'active' | 'terminating' | 'unknown';
  /** Whether NKVM may use the namespace, where NKVM_NAMESPACE_SELECTOR is set; absent: it is not. */
  isSelected?: boolean | 'unknown';
  /** UID of this cluster. */
  clusterUid: string;
  /** Clusters that this one continues; `none`: a person said that there is none; undefined: nobody has said anything. */
  continues: readonly ContinuedFact[] | 'none' | undefined;
  /** The history has all of its runs. */
  isHistoryReady: boolean;
  /** One for each configured destination. */
  places: readonly PlaceAnswer[];
  /** Successful backups of this claim's namespace and name that the history expects to be somewhere, newest first. */
  expected: readonly ExpectedBackup[];
  failed: readonly FailedRestore[];
  now: Date;
}

export interface ContinuedFact {
  uid: string;
  name: string;
  /** A destination that was listed has an archive of that cluster, of any claim. */
  isSeen: boolean;
}

/** The answer of a destination: all of its archives that may be the claim's, or why they are not known. */
export type PlaceAnswer = { name: string } & (
  | { archives: readonly FoundArchive[] }
  | { problem: Why & { cause: string } }
);

/** An archive whose name says that it is one of a claim with this namespace and name. */
export interface FoundArchive {
  /** Id of the run. */
  backup: string;
  destination: string;
  key: string;
  /** When the backup was requested; by its name where there is no manifest. ISO-8601. */
  createdAt: string;
  /** By its manifest; without one, `perhaps` where its name has the name of one of our clusters. */
  cluster: 'own' | 'continued' | 'other' | 'perhaps';
  state: ArchiveState;
}

/**
 * - `good`: it has a manifest, its size agrees, it can be read, and no check of it has failed
 * - `broken`: its size differs, or a check found that its contents are wrong
 * - `unreadable`: its manifest makes no sense
 * - `too-new`: a later version of NKVM wrote its manifest
 * - `unproven`: it has no manifest: a backup that was not finished
 * - `locked`: it is encrypted, and NKVM has no key
 * - `unlooked`: the destination did not give its manifest, or its bytes
 */
export type ArchiveState =
  | { is: 'good'; candidate: Candidate }
  | { is: 'locked'; candidate: Candidate; why: string; hint: string }
  | { is: 'unlooked'; why: string; hint: string }
  | { is: 'broken' | 'unreadable' | 'too-new'; why: string }
  | { is: 'unproven' };

/** A backup in the history whose archive was not deleted by NKVM. */
export interface ExpectedBackup {
  backup: string;
  createdAt: string;
  /** Destinations where it should be: it is proven there, or was and could not be found. */
  destinations: readonly string[];
  /** This history was there when the run ended: it would have any later one, too. False: it was rebuilt from manifests. */
  isRecorded: boolean;
}
