import type { Owner, OwnerReference } from '../../../api/index.ts';
import type {
  ClaimFact,
  ClaimUser,
  Controller,
  OwnedFact,
  PodFact,
  WorkloadFact,
} from '../watch/facts.ts';

/** The pods and workloads of one namespace by what leads to them. */
export interface OwnerIndex {
  byUid: ReadonlyMap<string, OwnedFact>;
  podsByClaim: ReadonlyMap<string, PodFact[]>;
  podsByEphemeralClaim: ReadonlyMap<string, PodFact[]>;
  workloadsByClaim: ReadonlyMap<string, WorkloadFact[]>;
  /** StatefulSets by `<template>-<name>`: what their claims are called, without the ordinal. */
  statefulSetsByStem: ReadonlyMap<string, WorkloadFact[]>;
}

/** `<template>-<statefulset>-<ordinal>` (k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_utils.go). */
const NAME_WITH_ORDINAL = /^(.+)-(?:0|[1-9]\d*)$/;

/** Kinds that the inventory reads: one of these that is not there is gone, and not just out of our sight. */
const READ_KINDS = new Set([
  'v1 Pod',
  'apps/v1 Deployment',
  'apps/v1 StatefulSet',
  'apps/v1 DaemonSet',
  'apps/v1 ReplicaSet',
  'batch/v1 Job',
  'batch/v1 CronJob',
]);

export function indexOwners(
  pods: Iterable<PodFact>,
  workloads: Iterable<WorkloadFact>
): OwnerIndex {
  const byUid = new Map<string, OwnedFact>();
  const podsByClaim = new Map<string, PodFact[]>();
  const podsByEphemeralClaim = new Map<string, PodFact[]>();
  const workloadsByClaim = new Map<string, WorkloadFact[]>();
  const statefulSetsByStem = new Map<string, WorkloadFact[]>();

  for (const pod of pods) {
    byUid.set(pod.uid, pod);
    for (const claim of pod.claims) append(podsByClaim, claim, pod);
    for (const claim of pod.ephemeralClaims) append(podsByEphemeralClaim, claim, pod);
  }
  for (const workload of workloads) {
    byUid.set(workload.uid, workload);
    for (const claim of workload.claims) append(workloadsByClaim, claim, workload);
    for (const template of workload.claimTemplates) {
      append(statefulSetsByStem, `${template}-${workload.name}`, workload);
    }
  }
  return { byUid, podsByClaim, podsByEphemeralClaim, workloadsByClaim, statefulSetsByStem };
}

/** @returns the pods whose spec names the claim, finished ones too. */
export function podsNaming({ name, controller }: ClaimFact, index: OwnerIndex): PodFact[] {
  const pods = index.podsByClaim.get(name) ?? [];
  // Kubernetes refuses to mount an ephemeral volume's claim that was not made for that very pod.
  const ephemeral = index.podsByEphemeralClaim
    .get(name)
    ?.filter(pod => pod.uid === controller?.uid);
  return ephemeral ? [...pods, ...ephemeral] : pods;
}

/**
 * The owners of a claim: the top owners of all objects that name it.
 *
 * | names the claim                                          | counts                                        |
 * | -------------------------------------------------------- | --------------------------------------------- |
 * | a pod, also a finished one                               | always                                        |
 * | a pod template                                           | unless its workload has a parent with a template of its own |
 * | a StatefulSet's volumeClaimTemplate, with any ordinal    | always: scaled up again, it takes that claim  |
 * | the claim's own ownerReference                           | where nothing above does                      |
 *
 * Templates count beside pods, so that the owner stays the same while a CronJob sleeps or a Deployment is scaled to
 * zero. A controller of a kind that the inventory does not read is taken as its reference names it.
 */
export function ownerOf(claim: ClaimFact, index: OwnerIndex): Owner {
  const named: OwnedFact[] = startsOf(claim, index);
  if (named.length === 0 && claim.controller) {
    named.push({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
  }

  const owners = new Map<string, OwnerReference>();
  let reason = 'no pod mounts it, and no workload of its namespace names it';
  for (const start of named) {
    const top = topOf(start, index.byUid);
    if (typeof top === 'string') reason = top;
    else owners.set(`${top.kind} ${top.name} ${top.apiVersion}`, top);
  }

  const sorted = [...owners].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, owner]) => owner);
  const [owner] = sorted;
  if (!owner) return { kind: 'Unknown', reason };
  return sorted.length === 1 ? { kind: 'Single', owner } : { kind: 'Multiple', owners: sorted };
}

/** @returns what names the claim; see `ownerOf`. */
export const startsOf = (claim: ClaimFact, index: OwnerIndex): (PodFact | WorkloadFact)[] => [
  ...podsNaming(claim, index),
  ...templatesOf(claim, index),
  ...statefulSetsOf(claim, index),
];

/** @returns who uses a claim, or would use it if it ran: the same that count for `ownerOf`, but none of its finished pods. */
export function usersOf(claim: ClaimFact, index: OwnerIndex): ClaimUser[] {
  return startsOf(claim, index)
    .filter(start => !('phase' in start && isFinished(start)))
    .map(start => {
      const { chain, above } = chainOf(start, index.byUid);
      return { chain, above };
    });
}

/** A finished pod keeps its spec, but mounts nothing any more. */
export const isFinished = ({ phase }: Pick<PodFact, 'phase'>): boolean =>
  phase === 'Succeeded' || phase === 'Failed';

/** A Deployment's old ReplicaSets and a CronJob's past Jobs may name claims that their parents have let go of. */
function templatesOf({ name }: ClaimFact, index: OwnerIndex): WorkloadFact[] {
  const workloads = index.workloadsByClaim.get(name) ?? [];
  return workloads.filter(({ controller }) => !controller || !index.byUid.has(controller.uid));
}

/** Where template `a` of set `b-c` and template `a-b` of set `c` collide, the labels tell who made the claim. */
function statefulSetsOf({ name, labels }: ClaimFact, index: OwnerIndex): WorkloadFact[] {
  const stem = NAME_WITH_ORDINAL.exec(name)?.[1];
  const sets = index.statefulSetsByStem.get(stem ?? '') ?? [];
  if (sets.length < 2) return sets;
  const makers = sets.filter(set =>
    Object.entries(set.matchLabels).every(([key, value]) => labels[key] === value)
  );
  return makers.length > 0 ? makers : sets;
}

/** @returns the top of the chain of controllers above `start`; a text that says why it has no top that we can name. */
function topOf(start: OwnedFact, byUid: OwnerIndex['byUid']): OwnerReference | string {
  const { chain, above, isCircle } = chainOf(start, byUid);
  const last = chain.at(-1) ?? start;
  if (isCircle) return `the owners of ${start.kind} ${start.name} form a cycle`;
  if (!above) return referenceTo(last);
  if (READ_KINDS.has(`${above.apiVersion} ${above.kind}`)) {
    return `${above.kind} ${above.name}, which owns ${last.kind} ${last.name}, does not exist`;
  }
  return referenceTo(above);
}

/** @returns the controllers above `start`, itself first. In a circle each of them comes once. */
function chainOf(start: OwnedFact, byUid: OwnerIndex['byUid']): ClaimUser & { isCircle: boolean } {
  const chain = [start];
  for (let at = start; at.controller; ) {
    const above = byUid.get(at.controller.uid);
    if (!above) return { chain, above: at.controller, isCircle: false };
    if (chain.includes(above)) return { chain, above: undefined, isCircle: true };
    chain.push((at = above));
  }
  return { chain, above: undefined, isCircle: false };
}

const referenceTo = ({ apiVersion, kind, name }: OwnedFact | Controller): OwnerReference => ({
  apiVersion,
  kind,
  name,
});

function append<V>(map: Map<string, V[]>, key: string, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
