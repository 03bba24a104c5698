import type { Objects } from '../objects/objects.ts';
import { PATCH_TYPES } from '../objects/objects.ts';
import { unsupportedMediaType } from '../store/failure.ts';
import type { Kind } from '../store/kinds.ts';
import type { Draft, KubeObject } from '../store/object.ts';

interface Scalable extends KubeObject {
  spec: { replicas?: number; selector?: { matchLabels?: Record<string, string> } };
  status?: { replicas?: number };
}

interface Scale {
  spec: { replicas?: number };
  metadata: { resourceVersion?: string };
}

/** The subresource `scale`: how many replicas there are and should be, the same for each kind that has them. */
export function scaleOf({ metadata, spec, status }: Scalable): Scale & Draft {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const labels = Object.entries(spec.selector?.matchLabels ?? {});
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: spec.replicas ? { replicas: spec.replicas } : {}, // 0 is left out
    status: {
      replicas: status?.replicas ?? 0,
      selector: labels.map(([key, value]) => `${key}=${value}`).join(','),
    },
  };
}

/** @param contentType of a patch; absent when `body` is the new Scale. @throws Failure 400, 404, 409, 415 or 422. */
export function rescale(
  objects: Objects,
  kind: Kind,
  namespace: string | undefined,
  name: string,
  body: unknown,
  contentType?: string
): object {
  const object = objects.get<Scalable>(kind, namespace, name);
  const apply = PATCH_TYPES[contentType as keyof typeof PATCH_TYPES];
  if (contentType && !apply) throw unsupportedMediaType();
  const next = (apply ? apply(scaleOf(object), body) : body) as Scale;
  const { replicas = 0 } = next.spec ?? {};
  const draft = structuredClone(object) as Scalable & Draft;
  draft.spec.replicas = replicas;
  if (next.metadata?.resourceVersion) {
    draft.metadata.resourceVersion = next.metadata.resourceVersion;
  }
  return scaleOf(objects.update(kind, namespace, name, draft));
}
