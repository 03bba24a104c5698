import { K8s, Router } from '@kinvolk/headlamp-plugin/lib';
import { useLocation } from 'react-router-dom';
import { VOLUMES_ROUTE } from './routes';

/** @returns the part of a path that selects `cluster`, and keeps the others that are selected. */
export function useClusterPath(): (cluster: string) => string {
  const selected = K8s.useSelectedClusters();
  return cluster => [cluster, ...selected.filter(each => each !== cluster)].join('+');
}

/**
 * @param list the page that those who opened a link get to.
 * @returns for Headlamp's SectionBox: back to the page that led here.
 */
export function useBackLink(
  cluster: string,
  list: { name: string } = VOLUMES_ROUTE
): string | boolean {
  const clusterPath = useClusterPath();
  // The router gives a key to each page that was opened from another one.
  const { key } = useLocation();
  return key ? true : Router.createRouteURL(list.name, { cluster: clusterPath(cluster) });
}
