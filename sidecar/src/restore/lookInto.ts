import type { Claim } from '../cluster/inventory.ts';
import type { Answer, TargetLook } from './planFacts.ts';
import type { RestoreSource } from './source.ts';

/** A look into the volume of an existing claim, for a plan. */
export interface LookRequest {
  claim: Claim;
  source: RestoreSource;
  paths: readonly string[] | undefined;
  signal: AbortSignal;
}

/** Never throws but for the caller's signal: what cannot be looked at is known later. */
export type LookInto = (request: LookRequest) => Promise<Answer<TargetLook | null>>;
