import type { ReadClaim } from '../../cluster/inventory/claims.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { ClaimWrites } from '../../cluster/writes/claimWrites.ts';
import { textOf } from '../../errors.ts';
import { RUN_LABEL } from '../../helper/names.ts';
import type { Log } from '../../log.ts';
import { findMade } from '../claim/makeClaim.ts';
import { scratchName } from './drillJob.ts';

export interface SweepScratchOptions {
  inventory: { claims(): Claim[] };
  claims: Pick<ClaimWrites, 'remove'>;
  readClaim: ReadClaim;
  installation: string;
  /** @returns whether a run is under way: its claim stays. */
  isUnderWay(runId: string): boolean;
  log: Pick<Log, 'warn'>;
}

/**
 * @returns what deletes the scratch claims that drills of this installation have left, each by its UID. Name, label and mark
 * must agree: labels and names can be copied. It never throws.
 */
export const scratchSweeper =
  (options: SweepScratchOptions): (() => Promise<void>) =>
  async () => {
    for (const { namespace, name, labels } of options.inventory.claims()) {
      const runId = labels[RUN_LABEL];
      if (runId === undefined || name !== scratchName(runId) || options.isUnderWay(runId)) continue;
      const about = { namespace, pvc: name, run: runId };
      try {
        const claim = await findMade({ namespace, name }, runId, options);
        if (!claim) continue;
        await options.claims.remove(claim, { limitMs: 0 });
        options.log.warn(about, 'a scratch claim that no drill owns is being deleted');
      } catch (error) {
        options.log.warn(
          about,
          `a scratch claim that no drill owns could not be deleted: ${textOf(error)}`
        );
      }
    }
  };
