import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { useMemo } from 'react';
import { useSelector } from 'react-redux';
import { allowedNamespaces, namespacesAtHand } from './namespacesAtHand';

/** Headlamp's namespace filter; empty for all namespaces. */
export function useSelectedNamespaces(): string[] {
  const namespaces: Set<string> = useSelector(
    (state: { filter: { namespaces: Set<string> } }) => state.filter.namespaces
  );
  return useMemo(() => [...namespaces].sort(), [namespaces]);
}

/** The namespaces of a cluster that a user without administrator rights may ask for. */
export function useNamespacesAtHand(selected: string[]): (cluster: string) => string[] {
  const configuration = K8s.useClustersConf();
  return cluster =>
    namespacesAtHand(
      selected,
      allowedNamespaces(cluster),
      configuration?.[cluster]?.meta_data?.namespace
    );
}
