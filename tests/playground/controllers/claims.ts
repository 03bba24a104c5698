import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Claim, Node, Pod, StorageClass, Volume } from '../store/object.ts';
import { claimNames } from '../store/pods.ts';
import { quantity } from '../store/quantity.ts';
import { matchesSelector } from '../store/selectors.ts';
import { seconds } from '../store/time.ts';
import type { EventRecorder } from './events.ts';
import { each, type Reconcile } from './loop.ts';
import { SELECTED_NODE, waitsForConsumer } from './scheduling.ts';

const CLAIMS = kindNamed('persistentvolumeclaims');
const VOLUMES = kindNamed('persistentvolumes');
const CLASSES = kindNamed('storageclasses.storage.k8s.io');
const NODES = kindNamed('nodes');
const PODS = kindNamed('pods');

/** The driver of the playground's own volumes, and the node label that says where one lies. */
export const DRIVER = 'csi.playground.test';
export const TOPOLOGY_LABEL = 'topology.playground.test/node';

export const CLAIM_WATCHES = [
  'persistentvolumeclaims',
  'persistentvolumes',
  'storageclasses.storage.k8s.io',
  'pods',
];

const COMPONENT = 'persistentvolume-controller';

/**
 * Binds claims to volumes, and makes volumes for classes of the playground's own driver, each on one node. A volume
 * whose `claimRef` names a claim goes to it, whoever wrote that: so a filled volume can be handed over.
 */
export const claims = (objects: Objects, events: EventRecorder, now: () => Date): Reconcile => {
  const { store } = objects;
  const at = () => seconds(now());
  const say = (
    claim: Claim,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    component = COMPONENT
  ) => {
    const isSaid = said.get(claim.metadata.uid) === reason;
    said.set(claim.metadata.uid, reason);
    if (!isSaid) events.record(claim, { type, reason, message, component });
  };
  /** The last thing that was said of a claim: it is said once, and not at every look. */
  const said = new Map<string, string>();

  const provision = (claim: Claim, storageClass: StorageClass, node: string): Volume => {
    const { uid } = claim.metadata;
    const driver = storageClass.provisioner;
    const name = `pvc-${uid}`;
    say(
      claim,
      'Normal',
      'ExternalProvisioning',
      `Waiting for a volume to be created either by the external provisioner '${driver}' or manually by the system ` +
        'administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.'
    );
    say(
      claim,
      'Normal',
      'Provisioning',
      `External provisioner is provisioning volume for claim "${claim.metadata.namespace}/${claim.metadata.name}"`,
      driver
    );
    const volume = objects.create<Volume>(VOLUMES, undefined, {
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': driver } },
      spec: {
        accessModes: claim.spec.accessModes,
        capacity: { storage: claim.spec.resources?.requests?.storage },
        claimRef: refTo(claim),
        csi: { driver, volumeHandle: name },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: TOPOLOGY_LABEL, operator: 'In', values: [node] }] },
            ],
          },
        },
        persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
        storageClassName: storageClass.metadata.name,
        volumeMode: claim.spec.volumeMode,
      },
    });
    say(
      claim,
      'Normal',
      'ProvisioningSucceeded',
      `Successfully provisioned volume ${name}`,
      driver
    );
    return volume;
  };

  const bind = (claim: Claim, volume: Volume): void => {
    const isOurs = volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'];
    objects.change(VOLUMES, volume, 'main', next => void (next.spec.claimRef = refTo(claim)));
    objects.change(VOLUMES, volume, 'status', next => {
      next.status = { phase: 'Bound', lastPhaseTransitionTime: at() };
    });
    objects.change(CLAIMS, claim, 'main', next => {
      next.spec.volumeName = volume.metadata.name;
      next.metadata.annotations = {
        ...next.metadata.annotations,
        'pv.kubernetes.io/bind-completed': 'yes',
        'pv.kubernetes.io/bound-by-controller': 'yes',
        ...(isOurs && {
          'volume.beta.kubernetes.io/storage-provisioner': isOurs,
          'volume.kubernetes.io/storage-provisioner': isOurs,
        }),
      };
    });
    objects.change(CLAIMS, claim, 'status', next => {
      const { accessModes = [], capacity = {} } = volume.spec;
      next.status = { phase: 'Bound', accessModes, capacity };
    });
  };

  const bindOrWait = (claim: Claim): void => {
    const volumes = store.list<Volume>(VOLUMES);
    const found = volumeFor(claim, volumes);
    if (found) return bind(claim, found);
    if (claim.spec.volumeName) return;

    const className = claim.spec.storageClassName;
    const classes = store.list<StorageClass>(CLASSES);
    const storageClass = classes.find(({ metadata }) => metadata.name === className);
    if (!className) {
      const message = 'no persistent volumes available for this claim and no storage class is set';
      return say(claim, 'Normal', 'FailedBinding', message);
    }
    if (!storageClass) {
      const message = `storageclass.storage.k8s.io "${className}" not found`;
      return say(claim, 'Warning', 'ProvisioningFailed', message);
    }
    const selected = claim.metadata.annotations?.[SELECTED_NODE];
    if (waitsForConsumer(claim, classes) && !selected) {
      const message = 'waiting for first consumer to be created before binding';
      return say(claim, 'Normal', 'WaitForFirstConsumer', message);
    }
    if (storageClass.provisioner !== DRIVER) return;
    if (claim.spec.dataSourceRef ?? claim.spec.dataSource) {
      const message = 'Assuming an external populator will provision the volume';
      return say(claim, 'Normal', 'Provisioning', message, DRIVER);
    }
    bind(
      claim,
      provision(claim, storageClass, selected ?? emptiestNode(store.list<Node>(NODES), volumes))
    );
  };

  return () => {
    const pods = store.list<Pod>(PODS);
    const volumes = store.list<Volume>(VOLUMES);
    each(store.list<Claim>(CLAIMS), claim => {
      const isUsed = pods.some(
        pod =>
          pod.metadata.namespace === claim.metadata.namespace &&
          pod.status.phase !== 'Succeeded' &&
          pod.status.phase !== 'Failed' &&
          claimNames(pod).includes(claim.metadata.name)
      );
      if (claim.metadata.deletionTimestamp && !isUsed) {
        objects.change(CLAIMS, claim, 'main', next =>
          dropFinalizer(next, 'kubernetes.io/pvc-protection')
        );
      } else if (claim.status.phase === 'Pending') bindOrWait(claim);
      else if (claim.status.phase === 'Bound' && !isHeld(claim, volumes)) {
        objects.change(
          CLAIMS,
          claim,
          'status',
          next => void (next.status = { ...next.status, phase: 'Lost' })
        );
      }
    });
  };
};

const isHeld = ({ spec, metadata }: Claim, volumes: readonly Volume[]): boolean =>
  volumes.some(
    volume => volume.metadata.name === spec.volumeName && volume.spec.claimRef?.uid === metadata.uid
  );

const refTo = ({ metadata }: Claim) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
});

/** @returns a volume that is there for the claim, or that any such claim may have; the smallest first. */
function volumeFor(claim: Claim, volumes: readonly Volume[]): Volume | undefined {
  const { namespace, name, uid } = claim.metadata;
  const { volumeName, storageClassName = '', resources, accessModes = [], selector } = claim.spec;
  const isFor = ({ spec }: Volume) =>
    spec.claimRef?.namespace === namespace &&
    spec.claimRef?.name === name &&
    (!spec.claimRef?.uid || spec.claimRef.uid === uid);
  const isFree = ({ spec, status }: Volume) => !spec.claimRef && status.phase === 'Available';

  const reserved = volumes.find(isFor);
  if (reserved) return reserved;
  return volumes
    .filter(isFree)
    .filter(({ metadata }) => !volumeName || metadata.name === volumeName)
    .filter(
      ({ metadata, spec }) =>
        (spec.storageClassName ?? '') === storageClassName &&
        spec.volumeMode === claim.spec.volumeMode &&
        accessModes.every(mode => spec.accessModes?.includes(mode)) &&
        quantity(spec.capacity?.storage) >= quantity(resources?.requests?.storage) &&
        (!selector || matchesSelector(selector, metadata.labels))
    )
    .sort((a, b) => quantity(a.spec.capacity?.storage) - quantity(b.spec.capacity?.storage))[0];
}

function emptiestNode(nodes: readonly Node[], volumes: readonly Volume[]): string {
  const count = (name: string) =>
    volumes.filter(({ spec }) => JSON.stringify(spec.nodeAffinity ?? '').includes(`"${name}"`))
      .length;
  return nodes.map(({ metadata }) => metadata.name).sort((a, b) => count(a) - count(b))[0] ?? '';
}

export function dropFinalizer(object: Claim | Volume, finalizer: string): void {
  const left = (object.metadata.finalizers ?? []).filter(each => each !== finalizer);
  if (left.length) object.metadata.finalizers = left;
  else delete object.metadata.finalizers;
}
