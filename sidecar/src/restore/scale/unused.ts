import { setTimeout as sleep } from 'node:timers/promises';
import type { PlanWorkload } from '../../../api/index.ts';
import type { PodOfClaim } from '../../cluster/inventory/claimPods.ts';
import type { WorkloadRef } from '../../cluster/inventory/workloads.ts';
import type { ClaimUser } from '../../cluster/watch/facts.ts';
import { StageError } from '../../errors.ts';
import type { Intent } from './intent.ts';
import type { Loop } from './loops.ts';
import { scaledBack } from './scaledBack.ts';
import type { ScaleTarget } from './scaler.ts';
import { isStopped } from './steps.ts';
import { inUse, patienceFor, podsStay } from './wait.ts';
import { someOf } from './words.ts';
import type { ScaleWorld } from './world.ts';

/** A workload that this run has stopped, or that was stopped before. */
export interface Stopped {
  ref: WorkloadRef;
  uid: string;
  loops: Loop[];
  plan: PlanWorkload;
  /** Its former level; undefined: this run has not changed it. */
  was: Intent['was'] | undefined;
  /** That it starts no pods is what the restore relies on. */
  mustStay: boolean;
}

/** A pod whose ReplicaSet or Job is not known yet looks unrelated for a moment. */
const STRANGER_MS = 2_000;

/**
 * Waits until every pod that uses the claim is gone, the controllers have seen that there should be none, and nobody has
 * started one again for a while.
 * @throws StageError (`PodsStay`, `ScaledBack`, `ClaimInUse`), or ApiFailure.
 */
export async function untilUnused(
  claim: ScaleTarget,
  stopped: readonly Stopped[],
  world: ScaleWorld,
  { signal, onProgress }: { signal: AbortSignal; onProgress(message: string): void }
): Promise<void> {
  const { inventory, limits } = world;
  const began = performance.now();
  const patienceMs = patienceFor(await livePods(claim, world, signal), limits);
  const settleMs = !stopped.some(({ was }) => was !== undefined)
    ? 0
    : stopped.some(({ loops }) => loops.some(({ pausesAtZero }) => !pausesAtZero))
    ? limits.settleWithLoopMs
    : limits.settleMs;
  const strangers = new Map<string, number>();
  for (;;) {
    const hasSettled = await haveSettled(stopped, world, signal);
    const users = inventory.usersOf(claim.namespace, claim.name).filter(isPod);
    const waitedMs = performance.now() - began;
    if (hasSettled && users.length === 0 && waitedMs >= settleMs) {
      const pods = await livePods(claim, world, signal);
      if (pods.length === 0) return;
    }
    const found = strangersAmong(users, stopped, strangers);
    if (found.length > 0) throw inUse(claim, found);
    if (waitedMs >= patienceMs) {
      const pods = await livePods(claim, world, signal);
      if (pods.length > 0) throw podsStay(claim, pods, patienceMs);
      throw notSettled(claim, stopped, patienceMs);
    }
    const names = someOf(users.map(({ chain }) => chain[0]?.name ?? ''));
    onProgress(
      names ? `waiting for the end of ${names}` : 'checking that none of its pods start again'
    );
    await sleep(limits.lookEveryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

const isPod = ({ chain }: ClaimUser): boolean => chain[0]?.kind === 'Pod';

/** @returns whether their controllers have seen that they are stopped. @throws StageError when one is not any more. */
async function haveSettled(
  stopped: readonly Stopped[],
  { workloads }: ScaleWorld,
  signal: AbortSignal | undefined
): Promise<boolean> {
  const looks = stopped
    .filter(({ mustStay }) => mustStay)
    .map(async ({ ref, uid, loops }) => {
      const workload = await workloads.get(ref, signal);
      if (workload?.uid !== uid) return true; // it is gone, and its pods are looked for by themselves
      if (!isStopped(workload)) throw scaledBack(workload, loops);
      if (workload.kind === 'CronJob') return workload.activeJobs.length === 0;
      return workload.isObserved && workload.runningReplicas === 0;
    });
  return (await Promise.all(looks)).every(Boolean);
}

/** @returns the pods that no stopped workload owns, when they have been there for a while. */
function strangersAmong(
  users: readonly ClaimUser[],
  stopped: readonly Stopped[],
  since: Map<string, number>
): { name: string; whose: string | undefined }[] {
  const known = new Set(stopped.map(({ uid }) => uid));
  const now = performance.now();
  return users
    .filter(({ chain }) => !chain.some(({ uid }) => known.has(uid)))
    .filter(({ chain }) => {
      const uid = chain[0]?.uid ?? '';
      const first = since.get(uid) ?? now;
      since.set(uid, first);
      return now - first >= STRANGER_MS;
    })
    .map(({ chain, above }) => {
      const top = above ?? (chain.length > 1 ? chain.at(-1) : undefined);
      return { name: chain[0]?.name ?? '', whose: top && `${top.kind} ${top.name}` };
    });
}

/**
 * Whether the claim is still out of use.
 * @returns why not. @throws ApiFailure when the API server did not say.
 */
export async function whyNotDown(
  claim: ScaleTarget,
  stopped: readonly Stopped[],
  world: ScaleWorld,
  signal?: AbortSignal
): Promise<StageError | undefined> {
  try {
    await haveSettled(stopped, world, signal);
  } catch (error) {
    if (error instanceof StageError) return error;
    throw error;
  }
  // The watch is quick, and costs nothing every second; what it says is checked before a restore ends for it.
  if (world.inventory.podsOf(claim.namespace, claim.name).length === 0) return undefined;
  const pods = await livePods(claim, world, signal);
  if (pods.length === 0) return undefined;
  return inUse(
    claim,
    pods.map(({ name, controller }) => ({
      name,
      whose: controller && `${controller.kind} ${controller.name}`,
    }))
  );
}

async function livePods(
  { namespace, name }: ScaleTarget,
  { readClaimPods, isOwnHelper }: ScaleWorld,
  signal?: AbortSignal
): Promise<PodOfClaim[]> {
  const pods = await readClaimPods(namespace, name, signal);
  return pods.filter(({ name, labels }) => !isOwnHelper({ namespace, name, labels }));
}

const notSettled = (
  { namespace, name }: ScaleTarget,
  stopped: readonly Stopped[],
  limitMs: number
): StageError =>
  new StageError(
    'create',
    'PodsStay',
    `the workloads of claim ${namespace}/${name} were asked to stop, and ${
      limitMs / 1000
    } s later their controllers have not confirmed it: ${stopped
      .map(({ ref }) => `${ref.kind} ${ref.name}`)
      .join(', ')}`,
    'see whether kube-controller-manager runs, then restore again',
    'unknown'
  );
