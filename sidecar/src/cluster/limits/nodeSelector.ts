import type { NodeSelectorTerm } from '../watch/facts.ts';
import { holds } from './requirement.ts';

/** The part of a node that a NodeSelector matches. */
export interface SelectableNode {
  name: string;
  labels: Record<string, string>;
}

/**
 * @returns the only node that the terms allow (one of them must hold, as in Kubernetes); null where there are no terms,
 * or where none or several of `nodes` match.
 */
export function onlyNodeFor(
  terms: readonly NodeSelectorTerm[],
  nodes: readonly SelectableNode[]
): string | null {
  const matching = nodes.filter(node => terms.some(term => matches(term, node)));
  return matching.length === 1 ? matching[0]?.name ?? null : null;
}

/** An empty term matches no node (k8s.io/component-helpers/scheduling/corev1/nodeaffinity). */
function matches(term: NodeSelectorTerm, node: SelectableNode): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields: Record<string, string> = { 'metadata.name': node.name };
  return (
    matchExpressions.every(requirement => holds(requirement, node.labels[requirement.key])) &&
    matchFields.every(requirement => holds(requirement, fields[requirement.key]))
  );
}
