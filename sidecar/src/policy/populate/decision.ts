/** An archive that a claim can be restored from: it has a manifest that names the claim, and nothing is known to be wrong. */
export interface Candidate {
  /** As a request of a restore names it: the id of a backup in the history, else `archive:DESTINATION/KEY`. */
  source: string;
  /** Id of the run that made it, also where the history does not have that run. */
  backup: string;
  destination: string;
  key: string;
  /** When the backup was requested, ISO-8601. */
  createdAt: string;
  /** Name of its cluster, for people. */
  cluster: string;
  clusterUid: string;
  /** Bytes that its contents need in a volume; null: not known. */
  neededBytes: number | null;
  /** Weakest first: its manifest and its size agree, its bytes were compared, it was unpacked, it was restored. */
  proof: 'size' | 'checksum' | 'contents' | 'restored';
  /** It was made just before a restore, of the data that the restore replaced. */
  isSafety: boolean;
}

/** Why nothing is restored now, in words for people. `reason` is stable, for programs. */
export interface Why {
  reason: string;
  message: string;
  hint: string;
}

/**
 * The decision about a claim that is to get its data back when it is made.
 *
 * - `restore`: restore this archive
 * - `empty`: give it an empty volume, and note `startedEmpty` on it
 * - `wait`: it cannot be determined now, and can pass by itself
 * - `ask`: a person must decide; other facts may change the decision, too, so that NKVM decides once more
 * - `ignore`: it is not a claim that NKVM gives a volume to
 */
export type Decision =
  | {
      kind: 'restore';
      candidate: Candidate;
      /** For people: which backup, and newer ones that were passed over, with the reason of each. */
      message: string;
      passedOver: readonly PassedOver[];
    }
  | { kind: 'empty'; startedEmpty: 'none-found' | 'decided'; message: string }
  | ({ kind: 'wait'; retryMs: number } & Why)
  | ({
      kind: 'ask';
      retryMs: number;
      /** A person may name one of them. */
      choices: readonly Candidate[];
      /** Of clusters that this one does not continue: a person may see them. */
      others?: readonly Candidate[];
    } & Why)
  | ({ kind: 'ignore' } & Why);

/** A newer archive that is not restored. */
export interface PassedOver {
  backup: string;
  why: string;
}

/** The first restore of this claim from that backup has failed. */
export interface FailedRestore {
  /** Id of the backup, or the `source` of its candidate. */
  backup: string;
  /** When the last attempt failed, ISO-8601. */
  at: string;
  /** How many attempts have failed. */
  attempts: number;
  reason: string;
  message: string;
}
