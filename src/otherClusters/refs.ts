import { refTo } from '../api/clusterRef';
import { EVERYWHERE } from '../routes';
import type { Known } from './useKnownClusters';

/**
 * @param chosen the parameter of the address; empty: the clusters of Headlamp that are selected
 * @returns the clusters whose volumes a list shows; see `ClusterRef`
 */
export function refsOf(known: Known[], chosen: string): string[] {
  const homes = known.map(({ home }) => home);
  if (chosen === '') return homes;
  if (chosen === EVERYWHERE) {
    const others = known.flatMap(({ home, others }) => others.map(({ name }) => refTo(home, name)));
    return [...homes, ...others];
  }
  const having = known.filter(
    ({ isKnown, others }) => !isKnown || others.some(({ name }) => name === chosen)
  );
  // A name that no NKVM has leads to an answer that says so.
  const asked = having.length > 0 ? having : known.slice(0, 1);
  return asked.map(({ home }) => refTo(home, chosen));
}

/** @returns the names that a person can choose from, each once. */
export const namesOf = (known: Known[]): string[] =>
  [...new Set(known.flatMap(({ others }) => others.map(({ name }) => name)))].sort();
