import { Router } from '@kinvolk/headlamp-plugin/lib';
import { Link } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import type { ReactNode } from 'react';
import { DESTINATION_ROUTE } from '../routes';
import { useClusterPath } from '../useBackLink';

interface DestinationLinkProps {
  cluster: string;
  name: string;
  children?: ReactNode;
}

/** Leads to the page of a destination. */
export function DestinationLink({ cluster, name, children = name }: DestinationLinkProps) {
  return (
    <Link routeName={DESTINATION_ROUTE.name} params={{ name }} activeCluster={cluster}>
      {children}
    </Link>
  );
}

/** @returns the address of one of our pages. */
export function useUrlOf(
  cluster: string
): (route: { name: string }, params?: Record<string, string>) => string {
  const clusterPath = useClusterPath();
  return ({ name }, params = {}) =>
    Router.createRouteURL(name, { ...params, cluster: clusterPath(cluster) });
}
