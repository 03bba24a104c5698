import type { Cluster } from '../../sidecar/api';
import { useClusterLists } from '../api/queries/clusterQueries';
import { useNamespacesAtHand } from '../volumes/useNamespaces';

/** What the NKVM of a cluster of Headlamp says about the clusters that it backs up. */
export interface Known {
  home: string;
  /** The other clusters that it uses, by name. Empty where it is older, or where the person may not see them. */
  others: Cluster[];
  /** The answer is there, or there is none. */
  isKnown: boolean;
}

const NONE: string[] = [];

/** The clusters that each NKVM backs up, as far as the person may see them. */
export function useKnownClusters(homes: string[]): Known[] {
  const namespacesOf = useNamespacesAtHand(NONE);
  const lists = useClusterLists(homes, home => namespacesOf(home)[0]);
  return lists.map(({ cluster, value, trouble }) => ({
    home: cluster,
    others: (value?.clusters ?? []).filter(({ isOwn, state }) => !isOwn && state !== 'refused'),
    isKnown: value !== undefined || trouble !== undefined,
  }));
}
