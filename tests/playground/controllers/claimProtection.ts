import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Claim, Pod } from '../store/object.ts';
import { claimNames, isLive } from '../store/pods.ts';
import { dropFinalizer } from './finalizers.ts';
import { each, type Reconcile } from './loop.ts';

const CLAIMS = kindNamed('persistentvolumeclaims');
const PODS = kindNamed('pods');

export const PROTECTION_WATCHES = ['persistentvolumeclaims', 'pods'];

/** Lets claims go that are to be deleted, when no pod uses them any more. */
export const claimProtection =
  (objects: Objects): Reconcile =>
  () =>
    each(objects.store.list<Claim>(CLAIMS), claim => {
      const { namespace, name, deletionTimestamp } = claim.metadata;
      if (!deletionTimestamp) return;
      const pods = objects.store.list<Pod>(PODS, namespace);
      if (pods.some(pod => isLive(pod) && claimNames(pod).includes(name))) return;
      dropFinalizer(objects, CLAIMS, claim, 'kubernetes.io/pvc-protection');
    });
