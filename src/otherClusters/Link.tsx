import { Link as HeadlampLink } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import type { ReactNode } from 'react';
import { partsOf } from '../api/clusterRef';
import { CLUSTER_PARAMETER, linkAs } from '../routes';

interface LinkProps {
  routeName: string;
  params?: Record<string, string>;
  search?: Record<string, string>;
  /** See `ClusterRef`. */
  activeCluster: string;
  children: ReactNode;
}

/** As Headlamp's, for all clusters. Objects of a cluster that Headlamp does not show are plain text. */
export function Link({ routeName, search, activeCluster, children, ...props }: LinkProps) {
  const { home, name } = partsOf(activeCluster);
  const as = linkAs(routeName);
  if (name !== undefined && !as) return <>{children}</>;
  const ofCluster = name !== undefined && as === 'ofCluster' && { [CLUSTER_PARAMETER]: name };
  return (
    <HeadlampLink
      routeName={routeName}
      activeCluster={home}
      search={ofCluster ? { ...search, ...ofCluster } : search}
      {...props}
    >
      {children}
    </HeadlampLink>
  );
}
