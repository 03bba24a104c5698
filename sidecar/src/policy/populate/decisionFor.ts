import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { Decision, FailedRestore } from './decision.ts';

export interface DecisionCall {
  signal: AbortSignal;
  /** Attempts to restore this very claim that have failed, one for each backup. */
  failed?: readonly FailedRestore[] | undefined;
}

/**
 * Decides about one claim, after every destination was asked. Any number of claims may be decided at once: they share the
 * listings.
 * @throws only the reason of the signal: whatever else fails is a decision to wait
 */
export type DecisionFor = (claim: Claim, call: DecisionCall) => Promise<Decision>;
