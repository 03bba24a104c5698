import type { PlanWorkload } from '../../../api/index.ts';
import type { Workload } from '../../cluster/inventory/workloads.ts';
import type { Stop } from './look.ts';
import { culpritsOf, stopOf } from './look.ts';
import type { ScaleTarget } from './scaler.ts';
import type { ScaleWorld } from './world.ts';

/** Everything that uses a claim. */
export interface Look {
  /** Workloads that NKVM stops, or that are stopped already. */
  stops: Stop[];
  /** Workloads that NKVM cannot read. */
  outOfReach: PlanWorkload[];
}

/**
 * Reads every workload that uses a claim as it is now.
 * @param runId whose own annotation does not stand in the way; undefined for a plan.
 * @throws ApiFailure when the API server did not say.
 */
export async function lookAt(
  claim: ScaleTarget,
  runId: string | undefined,
  { inventory, workloads, installation, isUnderWay }: ScaleWorld,
  signal?: AbortSignal
): Promise<Look> {
  const culprits = culpritsOf(inventory.usersOf(claim.namespace, claim.name));
  const reached = culprits.flatMap(culprit => ('ref' in culprit ? [culprit] : []));
  const read = await Promise.all(reached.map(({ ref }) => workloads.get(ref, signal)));
  const autoscalers = reached.length ? await workloads.autoscalers(claim.namespace, signal) : [];
  const stops = reached.flatMap((culprit, at): Stop[] => {
    const workload: Workload | undefined = read[at];
    if (!workload) return [];
    const facts = { workload, culprit, claim: claim.name, autoscalers };
    const stop = stopOf({ ...facts, runId, installation, isUnderWay });
    return stop ? [stop] : [];
  });
  return {
    stops,
    outOfReach: culprits.flatMap(culprit => ('blocked' in culprit ? [culprit.blocked] : [])),
  };
}

/** @returns what the plan says of all that uses a claim. */
export const planOf = ({ stops, outOfReach }: Look): PlanWorkload[] => [
  ...stops.map(({ plan }) => plan),
  ...outOfReach,
];
