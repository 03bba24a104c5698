import type { ClaimObject, ReadClaim } from '../cluster/inventory/claims.ts';
import { StageError } from '../errors.ts';
import { within } from '../within.ts';
import type { Helper, HelperCluster } from './helper.ts';
import { createHelper } from './helper.ts';
import type { HelperSpec } from './manifest.ts';
import type { WaitingPod } from './wait/waitingPod.ts';
import type { WaitLimits } from './wait/waitLimits.ts';

/** Which claim a helper is for, and how its pod looks. */
export interface HelperRequest {
  namespace: string;
  /** UID of the claim that was asked for. A claim of the same name that was created later is another one. */
  claimUid: string;
  spec: HelperSpec;
  /** How long the pod may take to become ready. */
  waitLimits: WaitLimits;
}

/** The surroundings of the use of a helper. */
export interface HelperUse {
  /** Ends the wait for the helper. `use` must look at it by itself. */
  signal: AbortSignal;
  /** @param node that the pod must run on; null: any. */
  onCreated(helper: Helper, node: string | null): void;
  /** @param state says what the pod waits for; it changes. */
  onWaiting(helper: Helper, state: WaitingPod): void;
  /** @param node that the pod runs on. */
  onReady(helper: Helper, node: string): void;
  /** Gets an error while the helper's pod is still there. @returns what is thrown instead. */
  explain(error: unknown, helper: Helper): Promise<unknown>;
  /** Gets the promise that the pod is deleted; it rejects with a StageError when the pod stays. */
  closing(gone: Promise<void>): void;
}

/** A helper that is ready, with what is known since. */
export interface ReadyHelper {
  helper: Helper;
  node: string;
  /** The claim that the pod has mounted. */
  claim: ClaimObject;
}

/**
 * Runs `use` with a helper pod that has mounted the claim, and deletes the pod afterwards, whatever happens. The deletion
 * goes on while the caller does something else; see `closing`.
 *
 * A pod names its claim, not the claim's UID, and the claim can be deleted and created again while the pod waits for a
 * node. So the UID is compared once the pod is ready: from then on the claim cannot go (finalizer pvc-protection).
 *
 * @throws StageError; with stage `create` or `wait` where no helper became ready.
 */
export async function withHelper<T>(
  cluster: HelperCluster & { readClaim: ReadClaim },
  { namespace, claimUid, spec, waitLimits }: HelperRequest,
  { signal, onCreated, onWaiting, onReady, explain, closing }: HelperUse,
  use: (ready: ReadyHelper) => Promise<T>
): Promise<T> {
  const sameClaim = async (stage: 'create' | 'wait'): Promise<ClaimObject> => {
    const object = await within(signal, cluster.readClaim(namespace, spec.claimName, signal));
    if (object?.uid === claimUid) return object;
    throw claimGone(stage, { namespace, name: spec.claimName }, object !== undefined);
  };

  signal.throwIfAborted();
  await sameClaim('create');
  const creating = createHelper(cluster, namespace, spec);
  const helper = await within(signal, creating).catch(error => {
    closing(closeLate(creating));
    throw error;
  });
  try {
    onCreated(helper, spec.node);
    const node = await helper.ready(waitLimits, signal, state => onWaiting(helper, state));
    onReady(helper, node);
    const claim = await sameClaim('wait');
    return await use({ helper, node, claim });
  } catch (error) {
    throw await explain(error, helper);
  } finally {
    closing(helper.close());
  }
}

/** How long a run that breaks off waits for the helper that it has just asked for. */
const PATIENCE_MS = 1_000;

/** Deletes a helper whose creation is under way. Later than `PATIENCE_MS` the caller does not wait for it any more. */
async function closeLate(creating: Promise<Helper>): Promise<void> {
  const late = await within(AbortSignal.timeout(PATIENCE_MS), creating, helper =>
    helper.close()
  ).catch(() => undefined);
  await late?.close();
}

/** @returns the problem that a claim was deleted while its run waited. */
export const claimGone = (
  stage: 'create' | 'wait',
  { namespace, name }: { namespace: string; name: string },
  isCreatedAgain: boolean
): StageError =>
  new StageError(
    stage,
    'ClaimNotFound',
    `claim ${namespace}/${name} was deleted${
      isCreatedAgain ? ' and created again' : ''
    } while its run waited`,
    isCreatedAgain ? 'back up the new claim' : 'restore an earlier backup if its data are needed',
    'needs-action'
  );
