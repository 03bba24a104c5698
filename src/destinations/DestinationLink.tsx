import type { ReactNode } from 'react';
import { Link } from '../otherClusters/Link';
import { usePageUrl } from '../otherClusters/usePageUrl';
import { DESTINATION_ROUTE } from '../routes';

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
  const pageUrl = usePageUrl();
  return (route, params) => pageUrl(cluster, route, params);
}
