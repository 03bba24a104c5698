import type { ClusterInventory } from '../../../cluster/inventory/inventory.ts';
import type { ClaimWrites } from '../../../cluster/writes/claimWrites.ts';
import { textOf } from '../../../errors.ts';
import type { Fence } from '../../../fence.ts';
import type { History } from '../../../history/history.ts';
import type { Log } from '../../../log.ts';
import { FILLING_BY, FILLING_FOR, fillingOf } from '../../../restore/handOver/filling.ts';
import { runUnderWay } from './pastRuns.ts';

export interface SweepFillingsWorld {
  inventory: Pick<ClusterInventory, 'claims'>;
  history: Pick<History, 'unfinished'>;
  claims: Pick<ClaimWrites, 'remove'>;
  fence: Fence;
  installation: string;
  /** Namespace of fillings. */
  fillings: string;
  log: Pick<Log, 'warn'>;
}

/**
 * Deletes the fillings of this installation whose claim is bound, or gone. Those of a claim that waits stay. Name and labels
 * must agree: labels can be copied. Never throws.
 */
export async function sweepFillings(world: SweepFillingsWorld): Promise<void> {
  const { inventory, history, claims, fence, installation, fillings, log } = world;
  const all = inventory
    .claims(fillings)
    .filter(({ labels }) => labels[FILLING_BY] === installation);
  if (all.length === 0) return;
  const waits = new Set(
    inventory
      .claims()
      .filter(({ phase, terminating }) => phase === 'Pending' && !terminating)
      .map(({ uid }) => uid)
  );
  for (const { namespace, name, uid, labels, terminating } of all) {
    const target = { uid: labels[FILLING_FOR] ?? '' };
    if (terminating || name !== fillingOf(target, fillings).name) continue;
    if (waits.has(target.uid) || runUnderWay(history, target)) continue;
    try {
      fence.assertHeld();
      await claims.remove({ namespace, name, uid }, { limitMs: 0 });
    } catch (error) {
      log.warn(
        { namespace, pvc: name },
        `a claim of a restore could not be deleted: ${textOf(error)}`
      );
    }
  }
}
