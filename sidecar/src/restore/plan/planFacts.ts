import type { PlanFiles, PlanWorkload, StartRestore } from '../../../api/index.ts';
import type { Claim, ClaimPod } from '../../cluster/inventory/inventory.ts';
import type { NamespaceLimits } from '../../cluster/limits/quotas.ts';
import type { NamespaceFact, StorageClassFact } from '../../cluster/watch/facts.ts';
import type { StageError } from '../../errors.ts';
import type { ClaimWish } from '../claim/newClaim.ts';
import type { PlannedSource } from './plannedSource.ts';

/** Something that was asked, and what came of it: an answer, why it fails, or why it is not known yet. */
export type Answer<T> = { is: T } | { fails: StageError } | { later: string };

/** The result of an inspection of the volume of an existing claim. */
export interface TargetLook {
  isEmpty: boolean;
  freeBytes: number;
  files: PlanFiles | null;
}

/** Everything that a plan follows from. */
export interface PlanFacts {
  request: StartRestore;
  source: PlannedSource;
  /** Whether the archive still has the digest that it should have; false: nothing says what that is. */
  digest: Answer<boolean>;
  /** The entries that `paths` select; null: everything was requested. */
  selected: Answer<{ entries: number; bytes: number } | null>;
  namespace: NamespaceFact | undefined;
  /** It admits no helper pod that could write: such a pod runs as root. */
  isRestricted?: boolean;
  /** Whether the runner may do what the restore needs in the namespace. */
  rights: Answer<true>;
  /** The claim of that name as it is now. */
  claim: Claim | undefined;
  /** Pods that name the claim and have not ended, also where there is no claim yet. */
  pods: readonly ClaimPod[];
  /** For mode `new`: what the claim will be. */
  wish: ClaimWish;
  classes: readonly StorageClassFact[];
  /** Undefined: not known. */
  limits: NamespaceLimits | undefined;
  /** Whether the API server would make the new claim now. */
  creation: Answer<true>;
  /** The volume of an existing claim. */
  look: Answer<TargetLook | null>;
  /** Workloads to stop first; read with `scale` only. */
  workloads: Answer<readonly PlanWorkload[]>;
  /** Whether a backup of the claim could be taken first. */
  safety: Answer<true>;
}
