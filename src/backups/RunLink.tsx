import type { ReactNode } from 'react';
import { Link } from '../otherClusters/Link';
import { BACKUP_ROUTE, NAMESPACE_PARAMETER } from '../routes';

interface RunLinkProps {
  cluster: string;
  id: string;
  namespace: string;
  children: ReactNode;
}

/** Leads to the page of one run. */
export function RunLink({ cluster, id, namespace, children }: RunLinkProps) {
  return (
    <Link
      routeName={BACKUP_ROUTE.name}
      params={{ id }}
      search={{ [NAMESPACE_PARAMETER]: namespace }}
      activeCluster={cluster}
    >
      {children}
    </Link>
  );
}
