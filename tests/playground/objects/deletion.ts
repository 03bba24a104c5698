import { type Failure, preconditionFailed } from '../store/failure.ts';
import { type Kind, resourceName } from '../store/kinds.ts';
import type { KubeObject, Pod } from '../store/object.ts';

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
}

/** How the deletion of an object begins. */
export interface DeletionPlan {
  /** How long its processes may take to end. */
  graceSeconds: number;
  /** Everything that must be removed before the object is deleted. */
  finalizers: string[];
  /** Nothing delays it. */
  isImmediate: boolean;
  /** It has begun already, and nothing changes. */
  isOld: boolean;
}

/** @throws Failure 409 when a precondition does not hold. */
export function planDeletion(kind: Kind, object: KubeObject, options: DeleteOptions): DeletionPlan {
  const refusal = preconditionProblem(kind, object, options.preconditions);
  if (refusal) throw refusal;
  const resource = resourceName(kind);
  const graceSeconds = resource === 'pods' ? podGrace(object as Pod, options) : 0;
  const before = object.metadata.finalizers ?? [];
  const finalizers = withPropagation(resource, before, options);
  const { deletionGracePeriodSeconds: earlier = Infinity } = object.metadata;
  return {
    graceSeconds,
    finalizers,
    // A namespace has its finalizer elsewhere: what is in it goes first.
    isImmediate: graceSeconds === 0 && finalizers.length === 0 && resource !== 'namespaces',
    isOld: graceSeconds >= earlier && finalizers.length === before.length,
  };
}

function preconditionProblem(
  kind: Kind,
  { metadata }: KubeObject,
  wanted: DeleteOptions['preconditions']
): Failure | undefined {
  if (wanted?.uid !== undefined && wanted.uid !== metadata.uid) {
    return preconditionFailed(
      kind,
      metadata.name,
      `the UID in the precondition (${wanted.uid}) does not match the UID in record (${metadata.uid}). ` +
        'The object might have been deleted and then recreated'
    );
  }
  if (
    wanted?.resourceVersion !== undefined &&
    wanted.resourceVersion !== metadata.resourceVersion
  ) {
    return preconditionFailed(
      kind,
      metadata.name,
      `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match the ResourceVersion in ` +
        `record (${metadata.resourceVersion}). The object might have been modified`
    );
  }
  return undefined;
}

/** A pod that has no processes, or none any more, needs no time to end. */
function podGrace({ spec, status }: Pod, { gracePeriodSeconds }: DeleteOptions): number {
  if (!spec.nodeName || status.phase === 'Succeeded' || status.phase === 'Failed') return 0;
  return gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
}

/** The garbage collector removes these finalizers when it is done. */
function withPropagation(resource: string, finalizers: string[], options: DeleteOptions): string[] {
  // A deleted Job of batch/v1 leaves its pods by default (pkg/registry/batch/job/strategy.go).
  const policy = options.propagationPolicy ?? (resource === 'jobs.batch' ? 'Orphan' : 'Background');
  if (policy === 'Background') return finalizers;
  const finalizer = policy === 'Foreground' ? 'foregroundDeletion' : 'orphan';
  return [...new Set([...finalizers, finalizer])];
}
