import type { ClaimFact, Facts, NodeFact, VolumeFact } from './facts.ts';
import type { Claim, NodeSelectorTerm } from './inventory.ts';
import { onlyNodeFor } from './nodeSelector.ts';
import { indexOwners, ownerOf, podsNaming } from './owners.ts';

const FINISHED = new Set(['Succeeded', 'Failed']);

/** @returns all claims, ordered by namespace, then name. Each fact is looked at once: the time grows with their sum. */
export function joinClaims(facts: Facts): Claim[] {
  const owners = indexOwners(facts.pods, facts.workloads);
  const places = placesOf(facts.volumes, [...facts.nodes]);
  const waiting = new Set<string>();
  for (const { name, waitsForFirstConsumer } of facts.storageClasses) {
    if (waitsForFirstConsumer) waiting.add(name);
  }

  const join = (fact: ClaimFact): Claim => {
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
      node: place?.node ?? null,
      nodeSelectorTerms: place?.terms ?? [],
      waitsForFirstConsumer: waiting.has(fact.storageClass ?? ''),
      pods: mountingPods(podsNaming(fact, owners)),
      owner: ownerOf(fact, owners),
    };
  };
  return [...facts.claims]
    .sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name))
    .map(join);
}

/** A finished pod keeps its spec, but mounts nothing any more. */
function mountingPods(pods: ReturnType<typeof podsNaming>): Claim['pods'] {
  return pods
    .filter(({ phase }) => !FINISHED.has(phase))
    .map(({ name, phase, node }) => ({ name, phase, node }))
    .sort((a, b) => compare(a.name, b.name));
}

interface Place {
  node: string | null;
  terms: NodeSelectorTerm[];
}

/** Many volumes share few places, so each different set of terms is held against the nodes once. */
function placesOf(volumes: Iterable<VolumeFact>, nodes: NodeFact[]): Map<string, Place> {
  const byTerms = new Map<string, Place>();
  const byVolume = new Map<string, Place>();
  for (const { name, nodeSelectorTerms: terms } of volumes) {
    const key = JSON.stringify(terms);
    const place = byTerms.get(key) ?? { node: onlyNodeFor(terms, nodes), terms };
    byTerms.set(key, place);
    byVolume.set(name, place);
  }
  return byVolume;
}

/** By code unit: names of Kubernetes are ASCII, and localeCompare is ten times slower. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
