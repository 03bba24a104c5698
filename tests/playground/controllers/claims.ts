import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Claim, Node, StorageClass, Volume } from '../store/object.ts';
import { seconds } from '../store/time.ts';
import { type ClaimFacts, claimStep } from './claimStep.ts';
import type { EventRecorder, Occurrence } from './events.ts';
import { each, type Reconcile } from './loop.ts';
import { provisionedVolume, provisioning, refTo } from './provisioning.ts';

const CLAIMS = kindNamed('persistentvolumeclaims');
const VOLUMES = kindNamed('persistentvolumes');
const CLASSES = kindNamed('storageclasses.storage.k8s.io');
const NODES = kindNamed('nodes');

export const CLAIM_WATCHES = [
  'persistentvolumeclaims',
  'persistentvolumes',
  'storageclasses.storage.k8s.io',
];

/** Binds claims to volumes, and makes volumes for claims. */
export const claims = (objects: Objects, events: EventRecorder, now: () => Date): Reconcile => {
  const { store } = objects;
  /** The last thing that was said of a claim, by its uid: it is said once, and not at every look. */
  const said = new Map<string, string>();
  const say = (claim: Claim, event: Occurrence): void => {
    if (said.get(claim.metadata.uid) !== event.message) events.record(claim, event);
    said.set(claim.metadata.uid, event.message);
  };
  const look = (): ClaimFacts => ({
    volumes: store.list<Volume>(VOLUMES),
    classes: store.list<StorageClass>(CLASSES),
    nodes: store.list<Node>(NODES),
  });
  return () => {
    let facts = look();
    each(store.list<Claim>(CLAIMS), claim => {
      if (claim.metadata.deletionTimestamp) return;
      const step = claimStep(claim, facts);
      switch (step.kind) {
        case 'bind':
          bind(objects, claim, step.volume, now());
          facts = look();
          return;
        case 'provision': {
          const draft = provisionedVolume(claim, step.storageClass, step.node);
          const volume = objects.create<Volume>(VOLUMES, undefined, draft);
          provisioning(claim, volume).forEach(event => say(claim, event));
          bind(objects, claim, volume, now());
          facts = look();
          return;
        }
        case 'say':
          return say(claim, step.event);
        case 'lose':
          return void objects.change(
            CLAIMS,
            claim,
            'status',
            next => void (next.status.phase = 'Lost')
          );
        case 'nothing':
      }
    });
  };
};

function bind(objects: Objects, claim: Claim, volume: Volume, now: Date): void {
  const provisioner = volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'];
  objects.change(VOLUMES, volume, 'main', next => void (next.spec.claimRef = refTo(claim)));
  objects.change(VOLUMES, volume, 'status', next => {
    next.status = { phase: 'Bound', lastPhaseTransitionTime: seconds(now) };
  });
  objects.change(CLAIMS, claim, 'main', next => {
    next.spec.volumeName = volume.metadata.name;
    next.metadata.annotations = {
      ...next.metadata.annotations,
      'pv.kubernetes.io/bind-completed': 'yes',
      'pv.kubernetes.io/bound-by-controller': 'yes',
      ...(provisioner && {
        'volume.beta.kubernetes.io/storage-provisioner': provisioner,
        'volume.kubernetes.io/storage-provisioner': provisioner,
      }),
    };
  });
  objects.change(CLAIMS, claim, 'status', next => {
    const { accessModes = [], capacity = {} } = volume.spec;
    next.status = { phase: 'Bound', accessModes, capacity };
  });
}
