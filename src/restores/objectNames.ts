import { K8s } from '@kinvolk/headlamp-plugin/lib';

const namesOf = (items: { metadata: { name: string } }[] | null) =>
  (items ?? []).map(({ metadata }) => metadata.name).sort();

/** @returns the namespaces of a cluster, as far as the person may list them. */
export const useNamespaceNames = (cluster: string): string[] =>
  namesOf(K8s.ResourceClasses.Namespace.useList({ cluster })[0]);

/** @returns the StorageClasses of a cluster, as far as the person may list them. */
export const useClassNames = (cluster: string): string[] =>
  namesOf(K8s.ResourceClasses.StorageClass.useList({ cluster })[0]);
