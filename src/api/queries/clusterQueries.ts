import { useQueries } from '@tanstack/react-query';
import type { ClusterList } from '../../../sidecar/api';
import { type Asked, asked, clusterKey, queries } from '../cache';
import { clusterClient } from '../clients/clusterClient';
import { connectionTo } from '../session/connection';

/** NKVM looks at each cluster every 15 seconds. */
const REFRESH_MS = 10_000;

const listKey = (cluster: string) => [...clusterKey(cluster), 'clusters'];

/** The clusters that each NKVM of several clusters backs up, kept fresh. */
export function useClusterLists(
  clusters: string[],
  namespaceOf: (cluster: string) => string | undefined
): (Asked<ClusterList> & { cluster: string })[] {
  const found = useQueries(
    {
      queries: clusters.map(cluster => ({
        queryKey: listKey(cluster),
        queryFn: (): Promise<ClusterList> =>
          clusterClient(connectionTo(cluster)).clusters({ namespace: namespaceOf(cluster) }),
        refetchInterval: REFRESH_MS,
      })),
    },
    queries
  );
  return clusters.map((cluster, index) => ({
    cluster,
    ...asked<ClusterList>(found[index]!, listKey(cluster)),
  }));
}
