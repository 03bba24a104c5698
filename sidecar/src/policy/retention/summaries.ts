import type { RetentionHold, RetentionPlan, RetentionSummary } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { inTurns } from '../../inTurns.ts';

type ClaimName = { namespace: string; name: string };

/** The plans of all volumes without their archives, as of the last time that each was planned. */
export interface Summaries {
  /** @returns those of a claim; undefined: it was not planned yet. It costs nothing: lists ask for thousands. */
  of(claim: ClaimName): RetentionSummary[] | undefined;
  /** Takes plans that were made for another reason. */
  remember(claim: ClaimName, plans: readonly RetentionPlan[]): void;
  /** A run of the claim has changed: the summary counts until it is renewed. */
  changed(claim: ClaimName): void;
  /**
   * Plans the claims that are not planned, or have changed since. Other work has its turn in between. @throws the reason of `signal`,
   * and what planning throws
   */
  renew(claims: readonly Claim[], signal: AbortSignal): Promise<void>;
}

export interface SummariesOptions {
  /** It takes a millisecond or two. */
  plan(claim: ClaimName): readonly RetentionPlan[];
  /** Why the deletions of all volumes at a destination are held together. */
  holdAt(destination: string): RetentionHold | null;
  /** Milliseconds that never go back. */
  elapsed(): number;
}

interface Known {
  /** The claim as it was; undefined: planned without it. Its labels and annotations decide, too. */
  claim: Claim | undefined;
  at: number;
  hasChanged: boolean;
  found: readonly RetentionSummary[];
}

/** Rules such as `within=30d`, and holds, end by time alone. */
const FRESH_MS = 60 * 60_000;

const idOf = ({ namespace, name }: ClaimName) => `${namespace}/${name}`;

/** @returns a plan without its archives. */
export const summaryOf = ({ archives, ...summary }: RetentionPlan): RetentionSummary => {
  void archives;
  return summary;
};

export function summariesWith({ plan, holdAt, elapsed }: SummariesOptions): Summaries {
  const all = new Map<string, Known>();

  const keep = (claim: ClaimName, plans: readonly RetentionPlan[], as: Claim | undefined) =>
    all.set(idOf(claim), {
      claim: as,
      at: elapsed(),
      hasChanged: false,
      found: plans.map(summaryOf),
    });

  const isDue = (claim: Claim): boolean => {
    const known = all.get(idOf(claim));
    if (!known || known.hasChanged || elapsed() - known.at >= FRESH_MS) return true;
    known.claim ??= claim;
    const { uid, labels, policyNotes } = known.claim;
    return uid !== claim.uid || labels !== claim.labels || policyNotes !== claim.policyNotes;
  };

  return {
    of: claim =>
      all
        .get(idOf(claim))
        ?.found.map(summary =>
          summary.removed > 0 && summary.hold === null
            ? { ...summary, hold: holdAt(summary.destination) }
            : summary
        ),
    remember: (claim, plans) => void keep(claim, plans, undefined),
    changed(claim) {
      const known = all.get(idOf(claim));
      if (known) known.hasChanged = true;
    },
    async renew(claims, signal) {
      await inTurns(claims, claim => {
        signal.throwIfAborted();
        if (isDue(claim)) keep(claim, plan(claim), claim);
      });
      if (all.size <= claims.length) return;
      const there = new Set(claims.map(idOf));
      for (const id of all.keys()) if (!there.has(id)) all.delete(id);
    },
  };
}
