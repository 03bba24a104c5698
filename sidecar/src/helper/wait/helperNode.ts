import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { NodeFact } from '../../cluster/watch/facts.ts';
import type { Toleration } from '../settings/settings.ts';
import { tolerationsFor } from './nodeTaints.ts';
import { troubleOf } from './waitForNode.ts';

/** Where a helper pod must run. */
export interface HelperNode {
  /** `null`: wherever the scheduler and the volume allow. */
  node: string | null;
  /** Tolerations for that node; empty where there is none. */
  tolerations: Toleration[];
}

/**
 * Decides where a helper that reads must run.
 *
 * | the volume | the helper |
 * | --- | --- |
 * | can be used on one node alone | there, whatever its taints |
 * | can be used on many nodes at a time | anywhere |
 * | is held by a pod | on that pod's node |
 * | is held only by pods that are being deleted on a node that is not ready | anywhere: that node may never come back |
 * | can be used in one zone | the scheduler chooses, so that an autoscaler can add a node |
 *
 * @param nodes of the cluster; empty: not known
 */
export function readerNode(claim: Claim, nodes: readonly NodeFact[]): HelperNode {
  return on(onlyNode(claim) ?? (isForManyNodes(claim) ? null : holderNode(claim, nodes)), nodes);
}

/** Decides where a helper that writes must run: no pod holds the volume then. @param nodes as for `readerNode` */
export const writerNode = (claim: Claim, nodes: readonly NodeFact[]): HelperNode =>
  on(onlyNode(claim), nodes);

/** Whether pods on several nodes can use a claim at the same time. */
export const isForManyNodes = ({ accessModes }: Pick<Claim, 'accessModes'>): boolean =>
  accessModes.some(mode => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');

/** @returns why a helper cannot be there now; undefined: it can, or nothing is known. */
export function troubleAt(node: string | null, nodes: readonly NodeFact[]): string | undefined {
  const fact = nodes.find(({ name }) => name === node);
  return fact && troubleOf(fact);
}

function on(node: string | null, nodes: readonly NodeFact[]): HelperNode {
  const fact = nodes.find(({ name }) => name === node);
  return { node, tolerations: tolerationsFor(fact?.taints ?? []) };
}

/** Labels of places with several nodes. That one of them has a single node now is chance. */
const AREA = /(^|[./-])(zone|region)$/;

/** @returns the node that alone can use the volume, by the volume's own words. */
function onlyNode({ node, nodeSelectorTerms }: Claim): string | null {
  const isOfNodes = nodeSelectorTerms.every(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchFields.length > 0 || matchExpressions.some(({ key }) => !AREA.test(key))
  );
  return isOfNodes ? node : null;
}

/** @returns the node of a pod that has the claim, or is about to. */
function holderNode({ pods }: Claim, nodes: readonly NodeFact[]): string | null {
  const placed = pods.filter(
    ({ node, phase }) => node !== null && phase !== 'Succeeded' && phase !== 'Failed'
  );
  const holder =
    placed.find(({ terminating }) => !terminating) ??
    placed.find(({ node }) => nodes.some(({ name, ready }) => name === node && ready));
  return holder?.node ?? null;
}
