import { setImmediate as otherWork } from 'node:timers/promises';
import type { DurableRuns } from '../durability/durableRuns.ts';
import type { ClaimHeads, ClaimOf } from '../queries/claimHeads.ts';
import type { ProvenRestores } from '../queries/provenRestores.ts';
import type { RunTable } from '../schema/table.ts';
import type { After, Candidate } from './pruneTable.ts';
import { FROM_THE_START } from './pruneTable.ts';
import type { PruneRules } from './pruning.ts';
import { pruneVerdict } from './pruning.ts';

/** How many runs are looked at, and at most deleted, before other work has its turn: some 10 ms on an idle machine. */
const SLICE = 25;

/** Questions to destinations at once. */
const TOGETHER = 16;

export interface PruneOptions extends PruneRules {
  /** @returns whether a claim exists in the cluster; true where that is not known. */
  claimExists: (claim: Pick<ClaimOf, 'uid' | 'namespace' | 'name'>) => boolean;
  /**
   * @returns whether archives that the history has as deleted, or missing, have no manifest any more; false where that is not
   *   known. A deletion that broke off leaves it for a while, and the run would come back from it.
   */
  areGone: (copies: Candidate['copies']) => Promise<boolean>;
  signal?: AbortSignal;
}

/** The result of one pass over the history. */
export interface Pruned {
  /** Runs that were deleted because of their age. */
  old: number;
  /** Runs that were deleted because there were too many. */
  spare: number;
}

export interface PruneParts {
  table: RunTable;
  durable: DurableRuns;
  heads: ClaimHeads;
  proofs: ProvenRestores;
  now: () => Date;
}

/**
 * Looks at all runs, oldest first, and deletes those that may leave. It may be killed at any moment: each slice is one record of
 * the journal.
 *
 * Ages are counted from the newest run, not from the clock: an installation that was off for a year, or whose clock has jumped,
 * does not lose its history at the next start.
 *
 * @throws StageError when the disk takes no changes; what was deleted until then stays deleted
 */
export async function pruneRuns(parts: PruneParts, options: PruneOptions): Promise<Pruned> {
  const { table, durable } = parts;
  const newest = table.newestRequest(parts.now().toISOString());
  const pruned = { old: 0, spare: 0 };
  if (newest === undefined) return pruned;
  const nowMs = Date.parse(newest);
  let excess = table.countWithoutArchive() - options.maxRuns;
  const youngest = Math.min(options.keepMs, options.keepOthersMs);
  let after: After = FROM_THE_START;
  while (!options.signal?.aborted) {
    const seen = table.candidates(after, SLICE);
    const [first, last] = [seen[0], seen.at(-1)];
    if (!first || !last) break;
    if (excess <= 0 && Date.parse(first.createdAt) > nowMs - youngest) break;
    after = [last.createdAt, last.id];
    const wanted: { run: Candidate; verdict: 'old' | 'spare' }[] = [];
    let spare = excess;
    for (const run of seen) {
      const verdict = pruneVerdict(factsOf(run, parts, options), options, nowMs);
      if (verdict === 'keep' || (verdict === 'spare' && spare <= 0)) continue;
      wanted.push({ run, verdict });
      if (run.kind !== 'restore') spare -= 1;
    }
    const areGone: boolean[] = [];
    for (let at = 0; at < wanted.length; at += TOGETHER) {
      const group = wanted.slice(at, at + TOGETHER);
      areGone.push(...(await Promise.all(group.map(({ run }) => options.areGone(run.copies)))));
    }
    const gone: string[] = [];
    for (const { run, verdict } of wanted.filter((_, at) => areGone[at])) {
      gone.push(run.id);
      pruned[verdict] += 1;
      if (run.kind !== 'restore') excess -= 1;
    }
    if (gone.length > 0) {
      await durable.change('publish', rows => {
        for (const id of gone) {
          const run = rows.get(id);
          // It may have changed since it was looked at.
          if (run && !run.copies.some(({ state }) => state === 'present' || state === 'awaited'))
            rows.remove(run);
        }
      });
    }
    await otherWork();
  }
  return pruned;
}

function factsOf(
  run: Candidate,
  { heads, proofs }: PruneParts,
  { claimExists }: PruneOptions
): Parameters<typeof pruneVerdict>[0] {
  const proven = proofs.claimProvenBy(run.id);
  return {
    kind: run.kind,
    status: run.status,
    at: Date.parse(run.endedAt ?? run.createdAt),
    copies: run.copies.map(({ state }) => state),
    isNewest:
      heads.rests(run) ||
      proofs.isLastCheck(run.id, run) ||
      run.isNewestRestore ||
      proven !== undefined,
    claimExists: claimExists(run) || (proven !== undefined && claimExists(proven)),
    isRead: run.isRead,
    isEvidence:
      (run.hasReadPresent && proofs.provesBackup(run.id)) ||
      (run.isNewestRestore && run.hasPresentOfClaim),
  };
}
