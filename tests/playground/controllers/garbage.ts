import type { Objects } from '../objects/objects.ts';
import { type Kind, kindNamed, KINDS, resourceName } from '../store/kinds.ts';
import type { KubeObject, Namespace } from '../store/object.ts';
import type { Change } from '../store/store.ts';
import { dropFinalizer } from './finalizers.ts';
import { each, type Reconcile } from './loop.ts';

const NAMESPACES = kindNamed('namespaces');

const STORED = KINDS.filter(kind => !kind.storedAs);
const NAMESPACED = STORED.filter(kind => kind.namespaced);

/** Every kind: anything may own anything, and be in a namespace. */
export const GARBAGE_WATCHES = STORED.map(resourceName);

/** Whether a change can make garbage, or empty a namespace. */
export const makesGarbage = ({ type, object }: Change): boolean =>
  type === 'DELETED' ||
  object.metadata.deletionTimestamp !== undefined ||
  (type === 'ADDED' && object.metadata.ownerReferences !== undefined);

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** Deletes what has lost its owners, and ends deletions that wait for what the object owned, or let it go. */
export const garbage =
  (objects: Objects): Reconcile =>
  () => {
    const { store } = objects;
    const all = STORED.flatMap(kind => store.list(kind).map(object => ({ kind, object })));
    const uids = new Set(all.map(({ object }) => object.metadata.uid));
    const owned = all.filter(({ object }) => object.metadata.ownerReferences?.length);

    each(owned, ({ kind, object }) => {
      const { namespace, name, ownerReferences = [], deletionTimestamp } = object.metadata;
      if (deletionTimestamp || ownerReferences.some(({ uid }) => uids.has(uid))) return;
      objects.remove(kind, namespace, name, { propagationPolicy: 'Background' });
    });
    const waiting = all.filter(({ object }) =>
      object.metadata.finalizers?.some(each => each === FOREGROUND || each === ORPHAN)
    );
    each(waiting, ({ kind, object }) => {
      if (!object.metadata.deletionTimestamp) return;
      const mine = owned.filter(each => owns(object, each.object));
      if (object.metadata.finalizers?.includes(ORPHAN)) {
        for (const dependent of mine) letGo(objects, dependent.kind, dependent.object, object);
        return dropFinalizer(objects, kind, object, ORPHAN);
      }
      for (const { kind: each, object: dependent } of mine) {
        const { namespace, name, deletionTimestamp } = dependent.metadata;
        if (!deletionTimestamp)
          objects.remove(each, namespace, name, { propagationPolicy: 'Foreground' });
      }
      if (mine.length === 0) dropFinalizer(objects, kind, object, FOREGROUND);
    });
  };

/** Empties namespaces that are being deleted, and removes them. */
export const emptyNamespaces =
  (objects: Objects): Reconcile =>
  () =>
    each(objects.store.list<Namespace>(NAMESPACES), ({ metadata }) => {
      if (!metadata.deletionTimestamp) return;
      const inside = NAMESPACED.flatMap(kind =>
        objects.store.list(kind, metadata.name).map(object => ({ kind, object }))
      );
      each(inside, ({ kind, object }) => {
        const { name, deletionTimestamp } = object.metadata;
        const options = { propagationPolicy: 'Background' as const };
        if (!deletionTimestamp) objects.remove(kind, metadata.name, name, options);
      });
      const isEmpty = NAMESPACED.every(
        kind => objects.store.list(kind, metadata.name).length === 0
      );
      if (isEmpty && !metadata.finalizers?.length)
        objects.store.remove(NAMESPACES, undefined, metadata.name);
    });

const owns = ({ metadata }: KubeObject, dependent: KubeObject): boolean =>
  dependent.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) ?? false;

function letGo(objects: Objects, kind: Kind, dependent: KubeObject, owner: KubeObject): void {
  objects.change(kind, dependent, 'main', next => {
    next.metadata.ownerReferences = next.metadata.ownerReferences?.filter(
      ({ uid }) => uid !== owner.metadata.uid
    );
    if (!next.metadata.ownerReferences?.length) delete next.metadata.ownerReferences;
  });
}
