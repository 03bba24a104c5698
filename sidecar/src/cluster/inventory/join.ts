import type { ClaimFact, NamespaceFacts, PodFact } from '../watch/facts.ts';
import type { Claim } from './inventory.ts';
import { indexOwners, isFinished, type OwnerIndex, ownerOf, podsNaming } from './owners.ts';
import { runsAsOf } from './runsAs.ts';
import type { Storage } from './storage.ts';

/** @returns the claims of one namespace, ordered by name. The time grows with the number of facts, not with its square. */
export function joinClaims({ claims, pods, workloads }: NamespaceFacts, storage: Storage): Claim[] {
  const owners = indexOwners(pods, workloads);
  return [...claims]
    .sort((a, b) => compare(a.name, b.name))
    .map(claim => joined(claim, owners, storage));
}

function joined(fact: ClaimFact, owners: OwnerIndex, { places, waitingClasses }: Storage): Claim {
  const place = places.get(fact.volumeName ?? '');
  return {
    namespace: fact.namespace,
    name: fact.name,
    uid: fact.uid,
    phase: fact.phase,
    capacityBytes: fact.capacityBytes,
    requestedBytes: fact.requestedBytes,
    accessModes: fact.accessModes,
    volumeMode: fact.volumeMode,
    storageClass: fact.storageClass,
    volumeName: fact.volumeName,
    labels: fact.labels,
    createdAt: fact.createdAt,
    terminating: fact.terminating,
    deletingSince: fact.deletingSince,
    restoreMark: fact.restoreMark,
    wantsDestinations: fact.wantsDestinations,
    selectedNode: fact.selectedNode,
    policyNotes: fact.policyNotes,
    leaveOutNotes: fact.leaveOutNotes,
    dataSource: fact.dataSource,
    node: place?.node ?? null,
    nodeSelectorTerms: place?.terms ?? [],
    waitsForFirstConsumer: waitingClasses.has(fact.storageClass ?? ''),
    pods: mountingPods(podsNaming(fact, owners)),
    owner: ownerOf(fact, owners),
    ...runsAsOf(fact, owners),
  };
}

/** @returns the pods that name a claim which need not exist, ordered by name. */
export const podsOfClaim = (name: string, pods: Iterable<PodFact>): Claim['pods'] =>
  mountingPods(
    [...pods].filter(pod => pod.claims.includes(name) || pod.ephemeralClaims.includes(name))
  );

function mountingPods(pods: PodFact[]): Claim['pods'] {
  return pods
    .filter(pod => !isFinished(pod))
    .map(({ name, phase, node, terminating, wantsOnly, hasVolumes }) => ({
      ...{ name, phase, node },
      ...(terminating && { terminating }),
      ...(wantsOnly && { wantsOnly }),
      ...(hasVolumes && { hasVolumes }),
    }))
    .sort((a, b) => compare(a.name, b.name));
}

/** By code unit: names of Kubernetes are ASCII, and localeCompare is ten times slower. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
