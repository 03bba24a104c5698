import { onlyNodeFor } from '../limits/nodeSelector.ts';
import type { ClusterFacts } from '../watch/facts.ts';
import type { NodeSelectorTerm } from '../watch/facts.ts';

/** Where a volume can be used. */
export interface Place {
  /** The only node, where there is one. */
  node: string | null;
  terms: NodeSelectorTerm[];
}

/** Facts about all storage of the cluster. */
export interface Storage {
  /** By name of the volume; one that is not there can be used everywhere. */
  places: ReadonlyMap<string, Place>;
  /** Classes that bind a claim only when a pod uses it. */
  waitingClasses: ReadonlySet<string>;
}

export function storageOf({ volumes, nodes, storageClasses }: ClusterFacts): Storage {
  const allNodes = [...nodes];
  const places = new Map<string, Place>();
  // Many volumes share few places, so each different set of terms is held against the nodes once.
  const placesByTerms = new Map<string, Place>();
  for (const { name, nodeSelectorTerms: terms } of volumes) {
    const key = JSON.stringify(terms);
    const place = placesByTerms.get(key) ?? { node: onlyNodeFor(terms, allNodes), terms };
    placesByTerms.set(key, place);
    places.set(name, place);
  }

  const waitingClasses = new Set<string>();
  for (const { name, waitsForFirstConsumer } of storageClasses) {
    if (waitsForFirstConsumer) waitingClasses.add(name);
  }
  return { places, waitingClasses };
}
