import { K8s } from '@kinvolk/headlamp-plugin/lib';
import type { Volume } from '../../../sidecar/api';
import { isOfHeadlamp, partsOf } from '../../api/clusterRef';

const namesOf = (items: { metadata: { name: string } }[] | null) =>
  (items ?? []).map(({ metadata }) => metadata.name);
const sorted = (names: string[]) => [...new Set(names)].sort();

/** @returns the namespaces of a cluster, as far as the person may list them; none where Headlamp does not show the cluster. */
export function useNamespaceNames(cluster: string): string[] {
  const [items] = K8s.ResourceClasses.Namespace.useList({ cluster: partsOf(cluster).home });
  return isOfHeadlamp(cluster) ? sorted(namesOf(items)) : [];
}

/** @returns the StorageClasses of a cluster: as far as the person may list them, or else those of its volumes. */
export function useClassNames(cluster: string, volumes: Volume[]): string[] {
  const [items] = K8s.ResourceClasses.StorageClass.useList({ cluster: partsOf(cluster).home });
  return isOfHeadlamp(cluster)
    ? sorted(namesOf(items))
    : sorted(volumes.flatMap(({ storageClass }) => storageClass ?? []));
}
