import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { useLocation } from 'react-router-dom';
import { refTo } from '../api/clusterRef';
import { CLUSTER_PARAMETER } from '../routes';

/** @returns the cluster that the address of the page names; see `ClusterRef`. */
export function useClusterRef(): string {
  const home = K8s.useCluster() ?? '';
  const { search } = useLocation();
  return refTo(home, new URLSearchParams(search).get(CLUSTER_PARAMETER) ?? undefined);
}
