import { useQuery } from '@tanstack/react-query';
import { type Asked, asked, clusterKey, IDLE_MS, queries } from './cache';
import { askApiServer } from './session/apiServer';
import type { RightQuestion } from './session/reviews';

/** A claim or a namespace. */
export interface ObjectRef {
  kind: 'PersistentVolumeClaim' | 'Namespace';
  /** Empty for a namespace. */
  namespace: string;
  name: string;
}

/** @returns the right that a change of its metadata needs. */
export const toChange = ({ kind, namespace, name }: ObjectRef): RightQuestion =>
  kind === 'Namespace'
    ? { verb: 'patch', resource: 'namespaces', namespace: name, name }
    : { verb: 'patch', resource: 'persistentvolumeclaims', namespace, name };

/** The part of its metadata that policies are about. */
export interface ObjectMetadata {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { kind: string; name: string }[];
  managedFields?: { manager?: string; fieldsV1?: Record<string, unknown> }[];
}

/** A change of labels and annotations. `null` removes. */
export interface MetadataChange {
  labels?: Record<string, string | null>;
  annotations?: Record<string, string | null>;
}

const pathOf = ({ kind, namespace, name }: ObjectRef): string =>
  kind === 'Namespace'
    ? `/api/v1/namespaces/${encodeURIComponent(name)}`
    : `/api/v1/namespaces/${encodeURIComponent(
        namespace
      )}/persistentvolumeclaims/${encodeURIComponent(name)}`;

/** Reads metadata with the rights of the person at the browser. @throws what `askApiServer` throws. */
export async function readMetadata(cluster: string, ref: ObjectRef): Promise<ObjectMetadata> {
  const response = await askApiServer(cluster, pathOf(ref));
  const { metadata } = (await response.json()) as { metadata?: ObjectMetadata };
  return metadata ?? {};
}

/** Writes metadata with the rights of the person at the browser. @throws what `askApiServer` throws. */
export async function changeMetadata(
  cluster: string,
  ref: ObjectRef,
  metadata: MetadataChange
): Promise<void> {
  await askApiServer(cluster, pathOf(ref), {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: JSON.stringify({ metadata }),
  });
}

/** The metadata of an object, kept fresh. @param isWanted whether to ask. */
export function useMetadata(
  cluster: string,
  ref: ObjectRef,
  isWanted = true
): Asked<ObjectMetadata> {
  const queryKey = [...clusterKey(cluster), 'metadata', ref.kind, ref.namespace, ref.name];
  const query = useQuery(
    {
      queryKey,
      queryFn: () => readMetadata(cluster, ref),
      enabled: isWanted,
      refetchInterval: IDLE_MS,
    },
    queries
  );
  return asked(query, queryKey);
}
