import type { ClaimPod, ClusterInventory } from '../../cluster/inventory/inventory.ts';
import { StageError } from '../../errors.ts';
import { claimInUse } from '../../helper/wait/placement.ts';
import type { Scaled } from '../scale/scaler.ts';

/** Whether only we use a claim. */
export interface Users {
  /** @throws StageError (`ClaimInUse`, `ScaledBack`) when a pod uses it, or is about to. */
  check(signal: AbortSignal): Promise<void>;
  /** The same, past every cache. @throws ApiFailure when the API server did not say. */
  checkNow(signal: AbortSignal): Promise<void>;
}

/** Lists the pods that name a claim and have not ended, past every cache, without helpers of NKVM. @throws ApiFailure. */
export type ReadUsers = (
  namespace: string,
  claim: string,
  signal: AbortSignal
) => Promise<Pick<ClaimPod, 'name'>[]>;

const LOOK_MS = 1_000;

/** @param scaled of the workloads that were stopped for this restore, if any */
export function usersOf(
  claim: { namespace: string; name: string },
  { inventory, readUsers }: { inventory: Pick<ClusterInventory, 'podsOf'>; readUsers: ReadUsers },
  scaled: Scaled | undefined
): Users {
  const { namespace, name } = claim;
  const refuse = async (
    pods: readonly Pick<ClaimPod, 'name'>[],
    signal: AbortSignal
  ): Promise<void> => {
    const back = await scaled?.stillDown(signal);
    if (back) throw back;
    const used = claimInUse(claim, pods);
    if (!used) return;
    const { reason, message, hint } = used;
    throw new StageError('copy', reason, message, hint, 'needs-action');
  };
  return {
    check: signal => refuse(inventory.podsOf(namespace, name), signal),
    checkNow: async signal => refuse(await readUsers(namespace, name, signal), signal),
  };
}

/**
 * Looks every second while a restore writes. A failed look does not stop the restore: the API server may be away, and
 * no pod starts then.
 * @param onUse is called once, with why the restore must stop.
 * @returns what ends that.
 */
export function watchUsers(
  users: Users,
  { signal, onUse }: { signal: AbortSignal; onUse(why: StageError): void }
): () => void {
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      await users.check(signal);
    } catch (error) {
      if (error instanceof StageError && !signal.aborted) {
        clearInterval(timer);
        onUse(error);
      }
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(look, LOOK_MS);
  return () => clearInterval(timer);
}
