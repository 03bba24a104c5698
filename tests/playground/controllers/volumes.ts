import type { Volumes } from '../kubelet/volumes.ts';
import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Claim, Volume } from '../store/object.ts';
import { seconds } from '../store/time.ts';
import { DRIVER } from './claimStep.ts';
import { dropFinalizer } from './finalizers.ts';
import { each, type Reconcile } from './loop.ts';

const CLAIMS = kindNamed('persistentvolumeclaims');
const VOLUMES = kindNamed('persistentvolumes');

export const VOLUME_WATCHES = ['persistentvolumeclaims', 'persistentvolumes'];

/** What becomes of volumes whose claim is gone: kept as Released, or deleted with all that is in them. */
export const reclaim =
  (objects: Objects, directories: Volumes, now: () => Date): Reconcile =>
  () => {
    const { store } = objects;
    each(store.list<Volume>(VOLUMES), volume => {
      const { claimRef, persistentVolumeReclaimPolicy, csi } = volume.spec;
      const isOurs = csi?.driver === DRIVER;
      const claim = claimRef && store.get<Claim>(CLAIMS, claimRef.namespace, claimRef.name ?? '');
      const isLeft = claimRef?.uid !== undefined && claim?.metadata.uid !== claimRef.uid;
      if (isLeft && volume.status.phase === 'Bound') {
        objects.change(VOLUMES, volume, 'status', next => {
          next.status = { phase: 'Released', lastPhaseTransitionTime: seconds(now()) };
        });
      }
      if (isLeft && isOurs && persistentVolumeReclaimPolicy === 'Delete') {
        if (!volume.metadata.deletionTimestamp) {
          objects.remove(VOLUMES, undefined, volume.metadata.name);
          directories.removeDirectoryOf(volume);
        }
      }
      if (volume.metadata.deletionTimestamp && (isLeft || !claim)) {
        dropFinalizer(objects, VOLUMES, volume, 'kubernetes.io/pv-protection');
      }
    });
  };
