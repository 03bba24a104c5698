import type { RetentionSummary } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory.ts';

export type RetentionOf = (claim: Claim) => readonly RetentionSummary[];

/** A plan takes a millisecond or two: those of 5,000 volumes would take as long as ten seconds. */
const BUDGET_MS = 200;
const FRESH_MS = 60 * 60_000;
const KEPT = 20_000;

/**
 * Gives lists the retention of their volumes within a limited time.
 * @param elapsed milliseconds that never go back
 * @returns a function that begins a list. Of a volume whose turn has not come yet, a list has an older summary, or none
 */
export function rememberedRetention(
  retentionOf: RetentionOf,
  elapsed: () => number = () => performance.now()
): () => RetentionOf {
  const known = new Map<string, { at: number; found: readonly RetentionSummary[] }>();
  return () => {
    let spent = 0;
    return claim => {
      const before = known.get(claim.uid);
      const began = elapsed();
      if ((before && began - before.at < FRESH_MS) || spent >= BUDGET_MS)
        return before?.found ?? [];
      const found = retentionOf(claim);
      if (known.size >= KEPT) known.clear(); // most of them are gone
      known.set(claim.uid, { at: began, found });
      spent += elapsed() - began;
      return found;
    };
  };
}
