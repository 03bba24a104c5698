import type { Objects } from '../objects/objects.ts';
import type { Kind } from '../store/kinds.ts';
import type { KubeObject } from '../store/object.ts';

/** Takes a finalizer away; an object that waited for that alone is gone then. */
export function dropFinalizer(
  objects: Objects,
  kind: Kind,
  object: KubeObject,
  finalizer: string
): void {
  if (!object.metadata.finalizers?.includes(finalizer)) return;
  objects.change(kind, object, 'main', ({ metadata }) => {
    const left = metadata.finalizers?.filter(each => each !== finalizer) ?? [];
    if (left.length) metadata.finalizers = left;
    else delete metadata.finalizers;
  });
}
