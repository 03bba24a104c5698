import type { Claim, Node, StorageClass, Volume } from '../store/object.ts';
import { quantity } from '../store/quantity.ts';
import { matchesSelector } from '../store/selectors.ts';
import type { Occurrence } from './events.ts';
import { SELECTED_NODE, waitsForConsumer } from './scheduling.ts';

/** The driver of the playground's own volumes, and the node label that says on which node one is. */
export const DRIVER = 'csi.playground.test';
export const TOPOLOGY_LABEL = 'topology.playground.test/node';

/** What is to be done about a claim now. */
export type ClaimStep =
  | { kind: 'bind'; volume: Volume }
  /** A volume is made on that node. */
  | { kind: 'provision'; storageClass: StorageClass; node: string }
  /** It waits, and an Event says what for. */
  | { kind: 'say'; event: Occurrence }
  /** Its volume is gone, or another claim's. */
  | { kind: 'lose' }
  | { kind: 'nothing' };

export interface ClaimFacts {
  volumes: readonly Volume[];
  classes: readonly StorageClass[];
  nodes: readonly Node[];
}

/**
 * | the claim | what is done |
 * | --- | --- |
 * | is bound, and its volume is another's or gone | it is lost |
 * | has a volume that names it, or one that any such claim may have | it is bound to it |
 * | names a volume that is not there | nothing |
 * | has no class, or one that is not there | an Event says so |
 * | has a class that waits for a pod, and no node was selected | an Event says so |
 * | has a source that the playground does not know | an Event leaves it to an external populator |
 * | has a class of the playground's driver | a volume is made for it |
 */
export function claimStep(claim: Claim, { volumes, classes, nodes }: ClaimFacts): ClaimStep {
  const { phase } = claim.status;
  if (phase === 'Bound') return isHeld(claim, volumes) ? NOTHING : { kind: 'lose' };
  if (phase !== 'Pending') return NOTHING;
  const volume = volumeFor(claim, volumes);
  if (volume) return { kind: 'bind', volume };
  if (claim.spec.volumeName) return NOTHING;

  const className = claim.spec.storageClassName;
  if (!className) {
    return say(
      'Normal',
      'FailedBinding',
      'no persistent volumes available for this claim and no storage class is set'
    );
  }
  const storageClass = classes.find(({ metadata }) => metadata.name === className);
  if (!storageClass) {
    return say(
      'Warning',
      'ProvisioningFailed',
      `storageclass.storage.k8s.io "${className}" not found`
    );
  }
  const selected = claim.metadata.annotations?.[SELECTED_NODE];
  if (waitsForConsumer(claim, classes) && !selected) {
    return say(
      'Normal',
      'WaitForFirstConsumer',
      'waiting for first consumer to be created before binding'
    );
  }
  if (storageClass.provisioner !== DRIVER) return NOTHING;
  if (claim.spec.dataSourceRef ?? claim.spec.dataSource) {
    const message = 'Assuming an external populator will provision the volume';
    return say('Normal', 'Provisioning', message, DRIVER);
  }
  return { kind: 'provision', storageClass, node: selected ?? emptiest(nodes, volumes) };
}

const NOTHING: ClaimStep = { kind: 'nothing' };

const say = (
  type: Occurrence['type'],
  reason: string,
  message: string,
  component = 'persistentvolume-controller'
): ClaimStep => ({ kind: 'say', event: { type, reason, message, component } });

const isHeld = ({ spec, metadata }: Claim, volumes: readonly Volume[]): boolean =>
  volumes.some(
    volume => volume.metadata.name === spec.volumeName && volume.spec.claimRef?.uid === metadata.uid
  );

/** A volume whose `claimRef` names the claim is first, whatever wrote that; then the smallest that is big enough. */
function volumeFor(claim: Claim, volumes: readonly Volume[]): Volume | undefined {
  const { namespace, name, uid } = claim.metadata;
  const reserved = volumes.find(
    ({ spec: { claimRef } }) =>
      claimRef?.namespace === namespace &&
      claimRef?.name === name &&
      (!claimRef?.uid || claimRef.uid === uid)
  );
  if (reserved) return reserved;
  return volumes
    .filter(volume => isFit(volume, claim))
    .sort((a, b) => quantity(a.spec.capacity?.storage) - quantity(b.spec.capacity?.storage))[0];
}

function isFit({ metadata, spec, status }: Volume, claim: Claim): boolean {
  const wanted = claim.spec;
  return (
    !spec.claimRef &&
    status.phase === 'Available' &&
    (!wanted.volumeName || metadata.name === wanted.volumeName) &&
    (spec.storageClassName ?? '') === (wanted.storageClassName ?? '') &&
    spec.volumeMode === wanted.volumeMode &&
    (wanted.accessModes ?? []).every(mode => spec.accessModes?.includes(mode)) &&
    quantity(spec.capacity?.storage) >= quantity(wanted.resources?.requests?.storage) &&
    (!wanted.selector || matchesSelector(wanted.selector, metadata.labels))
  );
}

function emptiest(nodes: readonly Node[], volumes: readonly Volume[]): string {
  const count = (node: string) => volumes.filter(volume => nodeOf(volume) === node).length;
  const names = nodes.map(({ metadata }) => metadata.name);
  return names.sort((a, b) => count(a) - count(b))[0] ?? '';
}

/** Of volumes that were made here. */
const nodeOf = ({ spec }: Volume): string | undefined =>
  spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0];
