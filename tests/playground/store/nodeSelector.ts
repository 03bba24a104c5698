import type { V1NodeSelectorTerm } from '@kubernetes/client-node';
import type { Node, Plain } from './object.ts';

export type NodeSelectorTerm = Plain<V1NodeSelectorTerm>;
type Requirement = Pick<
  NonNullable<NodeSelectorTerm['matchExpressions']>[number],
  'operator' | 'values'
>;

/** One of the terms must hold; an empty term holds for no node (k8s.io/component-helpers/scheduling/corev1). */
export const matchesNodeSelector = (terms: readonly NodeSelectorTerm[], node: Node): boolean =>
  terms.some(term => {
    const { matchExpressions = [], matchFields = [] } = term;
    if (matchExpressions.length + matchFields.length === 0) return false;
    const labels = node.metadata.labels ?? {};
    const fields: Record<string, string> = { 'metadata.name': node.metadata.name };
    return (
      matchExpressions.every(each => holds(each, labels[each.key])) &&
      matchFields.every(each => holds(each, fields[each.key]))
    );
  });

/** @returns whether a label or a field satisfies a requirement; `value`: undefined where it is not there. */
export function holds({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return Number(value) > Number(values[0]);
    case 'Lt':
      return Number(value) < Number(values[0]);
    default:
      return false;
  }
}
