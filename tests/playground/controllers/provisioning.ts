import type { Claim, Draft, StorageClass, Volume } from '../store/object.ts';
import { TOPOLOGY_LABEL } from './claimStep.ts';
import type { Occurrence } from './events.ts';

/** @returns a volume on one node, as a provisioner makes it for a claim. */
export function provisionedVolume(
  claim: Claim,
  { metadata, provisioner, reclaimPolicy }: StorageClass,
  node: string
): Draft {
  const { accessModes, resources, volumeMode } = claim.spec;
  const name = `pvc-${claim.metadata.uid}`;
  const here = { key: TOPOLOGY_LABEL, operator: 'In', values: [node] };
  return {
    metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } },
    spec: {
      accessModes,
      capacity: { storage: resources?.requests?.storage },
      claimRef: refTo(claim),
      csi: { driver: provisioner, volumeHandle: name },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: metadata.name,
      volumeMode,
    },
  };
}

/** @returns the messages of the controllers meanwhile. */
export function provisioning(claim: Claim, { metadata, spec }: Volume): Occurrence[] {
  const { namespace, name } = claim.metadata;
  const driver = spec.csi?.driver ?? '';
  return [
    {
      type: 'Normal',
      reason: 'ExternalProvisioning',
      message:
        `Waiting for a volume to be created either by the external provisioner '${driver}' or manually by the system ` +
        'administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.',
      component: 'persistentvolume-controller',
    },
    {
      type: 'Normal',
      reason: 'Provisioning',
      message: `External provisioner is provisioning volume for claim "${namespace}/${name}"`,
      component: driver,
    },
    {
      type: 'Normal',
      reason: 'ProvisioningSucceeded',
      message: `Successfully provisioned volume ${metadata.name}`,
      component: driver,
    },
  ];
}

/** What a volume has in `spec.claimRef`. */
export const refTo = ({ metadata }: Claim) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
});
