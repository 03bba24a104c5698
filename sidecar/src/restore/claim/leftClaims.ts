import type { ClusterInventory } from '../../cluster/inventory/inventory.ts';
import type { ClaimWrites } from '../../cluster/writes/claimWrites.ts';
import type { RestoreMark } from '../../cluster/writes/restoreMark.ts';
import { textOf } from '../../errors.ts';
import type { History } from '../../history/history.ts';
import type { Log } from '../../log.ts';
import { markProven, unmakeClaim } from './makeClaim.ts';

export interface LeftClaimsWorld {
  inventory: Pick<ClusterInventory, 'claims' | 'isReady'>;
  history: Pick<History, 'get'>;
  claims: ClaimWrites;
  /** Claims of other installations are never touched. */
  installation: string;
  log: Pick<Log, 'info' | 'warn'>;
}

/**
 * Decides what becomes of a claim with the mark of a restore.
 *
 * | the mark, and its run | the claim |
 * | --- | --- |
 * | is of another installation, or of none | is left |
 * | has not ended | is left: the run decides |
 * | is a success that has made this very claim | keeps, and loses the mark: it is proven |
 * | failed, was cancelled, is of another kind, or is not known | is deleted |
 */
export function verdictOnLeft(
  { uid, mark }: { uid: string; mark: RestoreMark },
  run: { status: string; endedAt: string | null; uid: string } | undefined,
  installation: string
): 'leave' | 'keep' | 'delete' {
  if (mark.installation !== installation) return 'leave';
  if (!run) return 'delete';
  if (run.endedAt === null) return 'leave';
  return run.status === 'success' && run.uid === uid ? 'keep' : 'delete';
}

/** @returns what deletes claims that restores have left, now and then. It never throws, and waits for no claim. */
export function leftClaims({
  inventory,
  history,
  claims,
  installation,
  log,
}: LeftClaimsWorld): () => Promise<void> {
  /** The last log entry of each claim, so that the same one is not logged every five minutes. */
  let said = new Map<string, string>();
  return async () => {
    if (!inventory.isReady()) return;
    const before = said;
    said = new Map();
    for (const { namespace, name, uid, restoreMark: mark } of inventory.claims()) {
      if (!mark) continue;
      const claim = { namespace, name, uid };
      const verdict = verdictOnLeft({ uid, mark }, history.get(mark.runId), installation);
      if (verdict === 'leave') continue;
      let sentence: string;
      try {
        if (verdict === 'keep') {
          await markProven(claim, claims, AbortSignal.timeout(30_000));
          sentence = 'a claim that a restore has proven has lost its mark';
        } else {
          const { made, why } = await unmakeClaim(claim, mark.runId, claims, 0);
          sentence = `a claim that a restore left behind is ${
            made === 'left' ? `incomplete, and could not be deleted: ${why}` : 'deleted'
          }`;
        }
      } catch (error) {
        sentence = `a claim that a restore left behind could not be cleaned up: ${textOf(error)}`;
      }
      said.set(uid, sentence);
      if (before.get(uid) !== sentence) log.warn({ ...claim, run: mark.runId }, sentence);
    }
  };
}
