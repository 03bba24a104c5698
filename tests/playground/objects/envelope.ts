import { badRequest } from '../store/failure.ts';
import type { Kind } from '../store/kinds.ts';
import type { Draft, KubeObject, Metadata } from '../store/object.ts';

/** Part of an object that an update may change: the status by itself, or everything else. */
export type Part = 'main' | 'status';

/** @throws Failure 400 when what was sent is for another place. */
export function checkEnvelope(kind: Kind, namespace: string | undefined, draft: Draft): void {
  if (typeof draft !== 'object' || draft === null || Array.isArray(draft)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind})`);
  }
  if (draft.kind !== undefined && draft.kind !== kind.kind) {
    throw badRequest(
      `${draft.kind} in version "${draft.apiVersion ?? kind.version}" cannot be handled as a ${
        kind.kind
      }`
    );
  }
  if (draft.metadata?.namespace && draft.metadata.namespace !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request'
    );
  }
}

/** @returns the new object: one part of it from the draft, all else as before. */
export function merged(
  kind: Kind,
  previous: KubeObject & Draft,
  draft: Draft,
  part: Part
): KubeObject {
  const version = draft.metadata?.resourceVersion || previous.metadata.resourceVersion;
  const hasStatus = kind.subresources.includes('status');
  if (part === 'status') {
    return {
      ...previous,
      status: draft.status,
      metadata: { ...previous.metadata, resourceVersion: version },
    } as KubeObject;
  }
  const {
    uid,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generation,
    namespace,
  } = previous.metadata;
  const isChanged = JSON.stringify(draft.spec) !== JSON.stringify(previous.spec);
  const metadata: Metadata = {
    ...(draft.metadata as Metadata),
    ...(namespace !== undefined && { namespace }),
    uid,
    creationTimestamp,
    resourceVersion: version,
    ...(deletionTimestamp && { deletionTimestamp }),
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
    ...(generation !== undefined && { generation: generation + (isChanged ? 1 : 0) }),
  };
  const { apiVersion, kind: name, status } = previous;
  const object = { ...draft, apiVersion, kind: name, metadata };
  return (
    hasStatus ? { ...object, ...(status !== undefined && { status }) } : object
  ) as KubeObject;
}
