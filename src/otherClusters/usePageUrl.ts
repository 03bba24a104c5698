import { K8s, Router } from '@kinvolk/headlamp-plugin/lib';
import { partsOf } from '../api/clusterRef';
import { CLUSTER_PARAMETER, linkAs } from '../routes';

/**
 * @param cluster see `ClusterRef`
 * @param query text where a parameter is there more than once
 */
type PageUrl = (
  cluster: string,
  route: { name: string },
  params?: Record<string, string>,
  query?: string | Record<string, string>
) => string;

/** @returns how to make the address of one of our pages, which keeps the other clusters of Headlamp that are selected. */
export function usePageUrl(): PageUrl {
  const selected = K8s.useSelectedClusters();
  return (cluster, route, params = {}, query = {}) => {
    const { home, name } = partsOf(cluster);
    const search = new URLSearchParams(query);
    if (name !== undefined && linkAs(route.name) === 'ofCluster')
      search.set(CLUSTER_PARAMETER, name);
    const clusters = [home, ...selected.filter(each => each !== home)].join('+');
    const path = Router.createRouteURL(route.name, { ...params, cluster: clusters });
    return `${search}` ? `${path}?${search}` : path;
  };
}
