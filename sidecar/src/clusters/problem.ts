/** Why a cluster cannot be used, in words for people. Never has a credential in it. */
export interface ClusterProblem {
  /** Stable, for programs. */
  reason: string;
  message: string;
  hint: string;
}
