import type { Claim } from '../../../cluster/inventory/inventory.ts';
import { fillingAnnotations, fillingLabels, fillingOf } from '../../../restore/handOver/filling.ts';
import type { HandOverWorld } from '../../../restore/handOver/handOver.ts';
import { handOver, lookAtTarget } from '../../../restore/handOver/handOver.ts';
import { isReadyFor } from '../../../restore/handOver/populating.ts';
import { volumeLike } from './newRun.ts';

/**
 * Gives an empty volume to a claim, and returns when it is bound. It may run again after a process that was killed in the
 * middle of it. @throws StageError, ApiFailure
 */
export async function startEmpty(
  claim: Claim,
  { startedEmpty, node }: { startedEmpty: 'none-found' | 'decided'; node: string | null },
  world: HandOverWorld,
  signal: AbortSignal
): Promise<void> {
  const isOpen = (await lookAtTarget(claim, world, signal)).is === 'waiting';
  if (isOpen && !(await isReadyFor(claim, null, world, signal))) {
    world.fence.assertHeld();
    await world.claims.create(
      {
        ...fillingOf(claim, world.fillings),
        ...volumeLike(claim),
        labels: fillingLabels(claim, world.installation),
        annotations: fillingAnnotations({ backup: null, node }),
      },
      signal
    );
  }
  await handOver(claim, { startedEmpty }, world, signal);
}
