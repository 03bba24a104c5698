import { matchesNodeSelector } from '../store/nodeSelector.ts';
import type { Claim, Node, Pod, StorageClass, Volume } from '../store/object.ts';
import { claimNames, isLive } from '../store/pods.ts';

/** What the scheduler knows. */
export interface ClusterFacts {
  nodes: readonly Node[];
  /** All pods; those of other namespaces count where nodes are weighed. */
  pods: readonly Pod[];
  /** Of the pod's namespace. */
  claims: readonly Claim[];
  volumes: readonly Volume[];
  storageClasses: readonly StorageClass[];
}

export type Decision =
  | { node: string; /** Claims that wait for their first consumer. */ toBind: string[] }
  /** `message` as in FailedScheduling. */
  | { message: string };

/** On a claim that waits for its first consumer: where that will be. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable';

const NOT_HELPFUL = 'Preemption is not helpful for scheduling.';
const NO_VICTIMS = 'No preemption victims found for incoming pod.';
const IN_USE =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';

/**
 * Chooses a node for a pod, in the words of the real scheduler where there is none. It looks at cordons, taints, node
 * selectors and affinities, and at the pod's volumes; not at room for CPU and memory, ports, or other pods' affinities.
 */
export function schedule(pod: Pod, facts: ClusterFacts): Decision {
  const { nodes } = facts;
  const claims: Claim[] = [];
  for (const name of claimNames(pod)) {
    const claim = facts.claims.find(({ metadata }) => metadata.name === name);
    if (!claim) return refuse(nodes, `persistentvolumeclaim "${name}" not found. not found`);
    if (claim.metadata.deletionTimestamp) {
      return refuse(nodes, `persistentvolumeclaim "${name}" is being deleted. not found`);
    }
    claims.push(claim);
  }
  const toBind = claims.filter(({ status }) => status.phase !== 'Bound');
  if (toBind.some(claim => !waitsForConsumer(claim, facts.storageClasses))) {
    return refuse(nodes, 'pod has unbound immediate PersistentVolumeClaims. not found');
  }

  const refusals = new Map(nodes.map(node => [node, whyNot(pod, node, claims, facts)]));
  const fitting = nodes.filter(node => refusals.get(node) === undefined);
  const [best] = fitting.sort((a, b) => load(a, facts) - load(b, facts) || order(a, b));
  if (best)
    return { node: best.metadata.name, toBind: toBind.map(({ metadata }) => metadata.name) };

  const counts = new Map<string, number>();
  for (const why of refusals.values()) counts.set(why!, (counts.get(why!) ?? 0) + 1);
  const reasons = [...counts].map(([why, count]) => `${count} ${why}`).sort();
  const preemption = counts.has(IN_USE) ? NO_VICTIMS : NOT_HELPFUL;
  return refuse(
    nodes,
    `${reasons.join(', ')}. no new claims to deallocate, preemption: 0/${
      nodes.length
    } nodes are available: ` + `${nodes.length} ${preemption}`
  );
}

const refuse = (nodes: readonly Node[], why: string): Decision => ({
  message: `0/${nodes.length} nodes are available: ${why}`,
});

/** @returns the first reason against a node; undefined when there is none. */
function whyNot(
  pod: Pod,
  node: Node,
  claims: readonly Claim[],
  { pods, volumes }: ClusterFacts
): string | undefined {
  const { nodeSelector = {}, affinity, tolerations = [] } = pod.spec;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms;
  if (namesOtherNodes(terms, node)) return "node(s) didn't satisfy plugin(s) [NodeAffinity]";

  const isTolerated = (key: string, value: string | undefined, effect: string) =>
    tolerations.some(
      each =>
        (!each.effect || each.effect === effect) &&
        (each.operator === 'Exists'
          ? !each.key || each.key === key
          : each.key === key && (each.value ?? '') === (value ?? ''))
    );
  if (node.spec.unschedulable && !isTolerated(UNSCHEDULABLE_TAINT, undefined, 'NoSchedule')) {
    return 'node(s) were unschedulable';
  }
  const taint = node.spec.taints?.find(
    ({ key, value, effect }) => effect !== 'PreferNoSchedule' && !isTolerated(key, value, effect)
  );
  if (taint) return 'node(s) had untolerated taint(s)';

  const labels = node.metadata.labels ?? {};
  const isSelected = Object.entries(nodeSelector).every(([key, value]) => labels[key] === value);
  if (!isSelected || (terms && !matchesNodeSelector(terms, node))) {
    return "node(s) didn't match Pod's node affinity/selector";
  }
  if (claims.some(claim => isHeldAlone(claim, pod, pods))) return IN_USE;

  for (const claim of claims) {
    if (claim.status.phase !== 'Bound') continue;
    const volume = volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName);
    if (!volume) return 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';
    const { nodeSelectorTerms } = volume.spec.nodeAffinity?.required ?? {};
    if (nodeSelectorTerms && !matchesNodeSelector(nodeSelectorTerms, node)) {
      return "node(s) didn't match PersistentVolume's node affinity";
    }
  }
  return undefined;
}

/** Every term names nodes, and none of them this one: the real scheduler does not even look at it. */
const namesOtherNodes = (
  terms: Parameters<typeof matchesNodeSelector>[0] | undefined,
  { metadata }: Node
): boolean =>
  terms !== undefined &&
  terms.every(({ matchFields = [] }) =>
    matchFields.some(
      ({ operator, values = [] }) => operator === 'In' && !values.includes(metadata.name)
    )
  );

const isHeldAlone = (claim: Claim, pod: Pod, pods: readonly Pod[]): boolean =>
  claim.spec.accessModes?.includes('ReadWriteOncePod') === true &&
  pods.some(
    other =>
      other.metadata.uid !== pod.metadata.uid &&
      other.metadata.namespace === claim.metadata.namespace &&
      other.spec.nodeName !== undefined &&
      isLive(other) &&
      claimNames(other).includes(claim.metadata.name)
  );

export const waitsForConsumer = (claim: Claim, classes: readonly StorageClass[]): boolean =>
  classes.some(
    ({ metadata, volumeBindingMode }) =>
      metadata.name === claim.spec.storageClassName && volumeBindingMode === 'WaitForFirstConsumer'
  );

/** How many pods a node has, or will have when their claims are bound. */
const load = ({ metadata }: Node, { pods, claims }: ClusterFacts): number =>
  pods.filter(pod => pod.spec.nodeName === metadata.name && isLive(pod)).length +
  claims.filter(
    claim =>
      claim.status.phase === 'Pending' &&
      claim.metadata.annotations?.[SELECTED_NODE] === metadata.name
  ).length;

const order = (a: Node, b: Node): number => (a.metadata.name < b.metadata.name ? -1 : 1);
