import type { PodOfClaim } from '../../cluster/inventory/claimPods.ts';
import { StageError } from '../../errors.ts';
import type { ScaleTarget } from './scaler.ts';
import { someOf } from './words.ts';

/** How long stopping may take, in milliseconds. */
export interface ScaleLimits {
  /** For all pods to be gone. A pod that has more time to end by its own terminationGracePeriodSeconds gets that. */
  podsGoneMs: number;
  /** Beside the time that a pod has asked for: its volume must be unmounted, and the API server told. */
  afterGraceMs: number;
  /** How long nobody must have started anything again, from the last change on. */
  settleMs: number;
  /** The same where something is known that may do it. Argo CD starts it again within 5 s, KEDA looks every 30 s. */
  settleWithLoopMs: number;
  lookEveryMs: number;
}

export const SCALE_LIMITS: ScaleLimits = {
  podsGoneMs: 300_000,
  afterGraceMs: 60_000,
  settleMs: 5_000,
  settleWithLoopMs: 12_000,
  lookEveryMs: 500,
};

/** @returns how long the pods that are there now may take to be gone. */
export const patienceFor = (
  pods: readonly PodOfClaim[],
  { podsGoneMs, afterGraceMs }: Pick<ScaleLimits, 'podsGoneMs' | 'afterGraceMs'>
): number => Math.max(podsGoneMs, ...pods.map(({ graceMs }) => graceMs + afterGraceMs));

/** @returns the problem that pods did not end in time. */
export function podsStay(
  { namespace, name }: ScaleTarget,
  pods: readonly PodOfClaim[],
  limitMs: number
): StageError {
  const texts = pods.map(({ name, node, isTerminating, controller }) => {
    const where = node === null ? '' : ` on node ${node}`;
    const whose = controller ? ` of ${controller.kind} ${controller.name}` : '';
    return `pod ${name}${whose}${where}${isTerminating ? ', which is terminating' : ''}`;
  });
  return new StageError(
    'create',
    'PodsStay',
    `claim ${namespace}/${name} is still in use ${
      limitMs / 1000
    } s after its workloads were stopped: ${someOf(texts, 3)}`,
    `see why it does not end with: kubectl describe pod ${pods[0]?.name ?? ''} -n ${namespace}`,
    'needs-action'
  );
}

/** @returns the problem that pods use the claim which none of the stopped workloads has made. */
export function inUse(
  { namespace, name }: ScaleTarget,
  pods: readonly { name: string; whose?: string | undefined }[]
): StageError {
  const texts = pods.map(({ name, whose }) => (whose ? `${name} of ${whose}` : name));
  return new StageError(
    'create',
    'ClaimInUse',
    `claim ${namespace}/${name} came into use while a restore had its workloads stopped, by pod ${someOf(
      texts
    )}`,
    'stop the program that started it, then restore again',
    'needs-action'
  );
}
