import { K8s } from '@kinvolk/headlamp-plugin/lib';
import type { ReactNode } from 'react';
import { isOfHeadlamp } from '../api/clusterRef';
import { CLUSTER_PARAMETER } from '../routes';
import { useUrlParameters } from '../ui/useUrlParameters';
import { useSelectedNamespaces } from '../volumes/useNamespaces';
import { ClusterFilter } from './ClusterFilter';
import { namesOf, refsOf } from './refs';
import { useKnownClusters } from './useKnownClusters';

interface ShownClusters {
  /** The clusters that a list shows; see `ClusterRef`. */
  clusters: string[];
  /** Headlamp's filter of namespaces, which has the names of its own clusters; empty for all, and where none of those is shown. */
  namespaces: string[];
  /** For Headlamp's header of a list: the filter by which a person chooses a cluster, where there is something to choose. */
  header: { actions: ReactNode[]; noNamespaceFilter: boolean };
}

const NONE: string[] = [];

/** The clusters that a list shows, and how a person chooses them. */
export function useClusterRefs(): ShownClusters {
  const known = useKnownClusters(K8s.useSelectedClusters());
  const [parameters, change] = useUrlParameters();
  const chosen = parameters.get(CLUSTER_PARAMETER) ?? '';
  const names = namesOf(known);
  const isChoice = names.length > 0 || chosen !== '';
  const selected = useSelectedNamespaces();
  const clusters = refsOf(known, chosen);
  const isElsewhere = !clusters.some(isOfHeadlamp);
  return {
    clusters,
    namespaces: isElsewhere ? NONE : selected,
    header: {
      noNamespaceFilter: isElsewhere,
      actions: isChoice
        ? [
            <ClusterFilter
              key="cluster"
              own={known.map(({ home }) => home)}
              others={known.flatMap(({ others }) => others)}
              value={chosen}
              onChange={cluster => change({ [CLUSTER_PARAMETER]: cluster || undefined }, true)}
            />,
          ]
        : [],
    },
  };
}
