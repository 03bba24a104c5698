import { apiVersionOf, type Kind, kindNamed } from '../store/kinds.ts';
import type { Draft, KubeObject, OwnerReference, Pod, PodTemplate } from '../store/object.ts';
import { matchesSelector, type SetSelector } from '../store/selectors.ts';
import type { Store } from '../store/store.ts';

const PODS = kindNamed('pods');

/** @returns a reference to the object that controls another one. */
export const controllerRef = (kind: Kind, { metadata }: KubeObject): OwnerReference => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

export const isControlledBy = (
  { metadata }: KubeObject,
  { metadata: owner }: KubeObject
): boolean =>
  metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === owner.uid) ?? false;

export const podsOf = (store: Store, owner: KubeObject): Pod[] =>
  store.list<Pod>(PODS, owner.metadata.namespace).filter(pod => isControlledBy(pod, owner));

/** @returns pods of the namespace that a Service means. */
export const podsWith = (store: Store, namespace: string, selector: SetSelector): Pod[] =>
  store
    .list<Pod>(PODS, namespace)
    .filter(({ metadata }) => matchesSelector(selector, metadata.labels));

/** @returns a pod as a workload wants it. @param name with a trailing dash it is completed. */
export function podFrom(
  template: PodTemplate,
  owner: OwnerReference,
  name: string,
  labels: Record<string, string> = {}
): Draft {
  const { metadata, spec } = structuredClone(template);
  return {
    metadata: {
      ...(name.endsWith('-') ? { generateName: name } : { name }),
      labels: { ...metadata?.labels, ...labels },
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ownerReferences: [owner],
    },
    spec,
  };
}
