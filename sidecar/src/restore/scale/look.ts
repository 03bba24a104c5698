import type { PlanWorkload } from '../../../api/index.ts';
import { RESTORE_ANNOTATION } from '../../../api/index.ts';
import type {
  Autoscaler,
  Workload,
  WorkloadKind,
  WorkloadRef,
} from '../../cluster/inventory/workloads.ts';
import { isWorkloadKind } from '../../cluster/inventory/workloads.ts';
import type { ClaimUser, OwnedFact, WorkloadFact } from '../../cluster/watch/facts.ts';
import { intentIn } from './intent.ts';
import type { Loop } from './loops.ts';
import { loopsOf, warningOf } from './loops.ts';
import { isStopped, levelOf } from './steps.ts';

/** Workloads to stop so that a claim is not used, with their present state, and those that NKVM cannot stop. */
export type Culprit =
  | { ref: WorkloadRef; uid: string; claims: readonly string[]; hasPods: boolean }
  | { blocked: PlanWorkload };

/** Kinds that NKVM stops. A running Job is never suspended: that would throw its work away. */
const STOPPABLE: ReadonlySet<string> = new Set<WorkloadKind>([
  'Deployment',
  'StatefulSet',
  'ReplicaSet',
  'CronJob',
]);

/**
 * Decides whom to stop, for each user of a claim:
 *
 * | on the way from the pod or the template to the top | |
 * | --- | --- |
 * | a Deployment, StatefulSet or CronJob, or a ReplicaSet without an owner | the highest of them |
 * | a ReplicaSet of a controller that is not built in, e.g. a Rollout | out of reach |
 * | a Job | to be looked at: one that is over does no harm |
 * | a DaemonSet, a pod without a controller, a pod of a controller that is not built in | out of reach |
 *
 * @returns each workload once.
 */
export function culpritsOf(users: readonly ClaimUser[]): Culprit[] {
  const found = new Map<string, Culprit>();
  for (const { chain, above } of users) {
    const top = chain.at(-1) as OwnedFact;
    const stop = chain.findLast(({ kind }) => STOPPABLE.has(kind));
    const foreign = above && !isWorkloadKind(above.apiVersion, above.kind) ? above : undefined;
    const hasPods = chain[0]?.kind === 'Pod';
    if (foreign && (!stop || (stop.kind === 'ReplicaSet' && stop === top))) {
      found.set(foreign.uid, blocked(foreign.kind, foreign.name, outOfReach(foreign.apiVersion)));
      continue;
    }
    const workload = stop ?? top;
    if (!isWorkloadKind(workload.apiVersion, workload.kind)) {
      found.set(workload.uid, blocked('Pod', workload.name, bare(above)));
      continue;
    }
    const { kind, namespace, name, uid } = workload;
    const before = found.get(uid);
    found.set(uid, {
      ref: { kind, namespace, name },
      uid,
      claims: (workload as WorkloadFact).claims,
      hasPods: hasPods || (before !== undefined && 'ref' in before && before.hasPods),
    });
  }
  return [...found.values()];
}

const outOfReach = (apiVersion: string): string =>
  `NKVM cannot stop it: ${apiVersion} is not part of Kubernetes; stop it by its own means for the time of the restore`;

const bare = (gone: ClaimUser['above']): string =>
  gone
    ? `${gone.kind} ${gone.name}, which created this pod, does not exist any more; delete the pod`
    : 'no controller created this pod, so it would not be started again; delete it for the time of the restore';

const blocked = (kind: string, name: string, obstacle: string): Culprit => ({
  blocked: { kind, name, replicas: null, action: 'none', obstacle },
});

/** A workload that is stopped for a restore, or that is stopped already and has to stay so. */
export interface Stop {
  workload: Workload;
  loops: Loop[];
  plan: PlanWorkload;
}

/** Facts that the plan of one workload depends on. */
export interface WorkloadFacts {
  workload: Workload;
  culprit: Extract<Culprit, { ref: unknown }>;
  claim: string;
  autoscalers: readonly Autoscaler[];
  /** Whose annotation does not stand in the way; undefined for a plan. */
  runId: string | undefined;
  installation: string;
  /** Whether a run has not ended yet. */
  isUnderWay(runId: string): boolean;
}

/** @returns what happens to one workload; undefined for one that does no harm. See `Scaler.workloadsOf`. */
export function stopOf(facts: WorkloadFacts): Stop | undefined {
  const { workload, culprit, autoscalers } = facts;
  const { kind, name } = workload;
  if (kind === 'Job' && workload.isOver) return undefined;
  const stopped = isStopped(workload) && workload.annotations[RESTORE_ANNOTATION] === undefined;
  const isIdle = kind !== 'Job' && kind !== 'DaemonSet' && stopped;
  const obstacle = obstacleOf(facts);
  const loops = loopsOf(workload, autoscalers);
  const level = recordedOf(facts) ?? levelOf(workload);
  const hasReplicas = 'replicas' in level && workload.replicas !== undefined;
  const replicas = hasReplicas ? level.replicas : null;
  const plan = (action: PlanWorkload['action'], why: string | null): Stop => ({
    workload,
    loops,
    plan: { kind, name, replicas, action, obstacle: why },
  });
  if (isIdle || !reaches(culprit, workload, replicas ?? 0, facts.claim)) return plan('none', null);
  if (obstacle !== null) return plan('none', obstacle);
  const jobs = workload.activeJobs.join(', ');
  if (kind === 'CronJob') {
    const waits = jobs
      ? `its Job ${jobs} is running, and the restore waits until it has ended`
      : null;
    return plan('suspend', [waits, warningOf(loops)].filter(Boolean).join('; ') || null);
  }
  return plan('scale', warningOf(loops));
}

/** @returns what an earlier restore of NKVM has recorded: the count to set back to. */
function recordedOf({ workload, installation }: WorkloadFacts) {
  const intent = intentIn(workload.annotations[RESTORE_ANNOTATION]);
  return intent?.installation === installation && isStopped(workload) ? intent.was : undefined;
}

/** @returns why NKVM does not stop it; null: it does. */
function obstacleOf({ workload, runId, installation, isUnderWay }: WorkloadFacts): string | null {
  const { kind, annotations } = workload;
  if (kind === 'DaemonSet') {
    return 'a DaemonSet cannot be scaled down; delete it, or keep its pods away with a node selector, for the time of the restore';
  }
  if (kind === 'Job') return 'it is running; wait until it has ended, or delete it';
  if (workload.isTerminating) return 'it is being deleted; wait until it is gone';
  if (workload.deletesClaims) {
    return 'scaling it down would delete its claims with their data; set persistentVolumeClaimRetentionPolicy.whenScaled to Retain first';
  }
  const note = annotations[RESTORE_ANNOTATION];
  if (note === undefined) return null;
  const intent = intentIn(note);
  if (!intent) {
    return `its annotation ${RESTORE_ANNOTATION} was not written by this version of NKVM; remove it when no restore is under way`;
  }
  if (intent.installation !== installation) {
    return `restore ${intent.run} of another installation of NKVM has stopped it; wait until that has ended`;
  }
  if (intent.run === runId || !isUnderWay(intent.run)) return null;
  return `restore ${intent.run} has stopped it for claim ${intent.claim}; wait until that has ended`;
}

/** A set that was scaled down leaves claims behind, which none of its pods uses. */
function reaches(
  { hasPods, claims }: Extract<Culprit, { ref: unknown }>,
  { kind, firstOrdinal }: Workload,
  replicas: number,
  claim: string
): boolean {
  if (kind !== 'StatefulSet' || hasPods || claims.includes(claim)) return true;
  const ordinal = Number(claim.slice(claim.lastIndexOf('-') + 1));
  return ordinal >= firstOrdinal && ordinal < firstOrdinal + replicas;
}
