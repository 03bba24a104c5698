import { forbidden } from '../store/failure.ts';
import { type Kind, kindNamed } from '../store/kinds.ts';
import type { KubeObject } from '../store/object.ts';
import { mergePatch } from '../store/patch.ts';
import { matchesSelector, type SetSelector } from '../store/selectors.ts';
import type { Store } from '../store/store.ts';

interface Policy extends KubeObject {
  spec: {
    matchConstraints?: {
      resourceRules?: { apiGroups: string[]; resources: string[]; operations: string[] }[];
      objectSelector?: SetSelector;
      namespaceSelector?: SetSelector;
    };
    matchConditions?: { name: string; expression: string }[];
    mutations: { patchType: string; applyConfiguration?: { expression: string } }[];
  };
}
interface Binding extends KubeObject {
  spec: { policyName: string };
}

const NAMESPACES = kindNamed('namespaces');
const POLICIES = kindNamed('mutatingadmissionpolicies.admissionregistration.k8s.io');
const BINDINGS = kindNamed('mutatingadmissionpolicybindings.admissionregistration.k8s.io');

/**
 * Applies MutatingAdmissionPolicies that have a binding to a new object, which is changed. Of bindings only the name of the policy
 * counts, and of mutations only those of type ApplyConfiguration.
 * @throws Failure 403 when an expression cannot be evaluated (`failurePolicy: Fail`)
 */
export function applyPolicies(store: Store, kind: Kind, object: KubeObject): void {
  const bound = new Set(store.list<Binding>(BINDINGS).map(({ spec }) => spec.policyName));
  for (const policy of store.list<Policy>(POLICIES)) {
    const { name } = policy.metadata;
    if (!bound.has(name) || !isFor(policy, kind, object, store)) continue;
    try {
      const { matchConditions = [], mutations } = policy.spec;
      if (!matchConditions.every(({ expression }) => evaluate(expression, object))) continue;
      for (const { applyConfiguration } of mutations)
        Object.assign(object, mergePatch(object, evaluate(applyConfiguration!.expression, object)));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw forbidden(kind, object.metadata.name, `policy '${name}' denied request: ${text}`);
    }
  }
}

function isFor({ spec }: Policy, kind: Kind, { metadata }: KubeObject, store: Store): boolean {
  const { resourceRules = [], objectSelector, namespaceSelector } = spec.matchConstraints ?? {};
  const matches = (selector: SetSelector | undefined, labels: KubeObject['metadata']['labels']) =>
    !selector || matchesSelector(selector, labels);
  return (
    resourceRules.some(
      ({ apiGroups, resources, operations }) =>
        apiGroups.includes(kind.group) &&
        resources.includes(kind.plural) &&
        operations.includes('CREATE')
    ) &&
    matches(objectSelector, metadata.labels) &&
    matches(
      namespaceSelector,
      store.get(NAMESPACES, undefined, metadata.namespace ?? '')?.metadata.labels
    )
  );
}

/**
 * Evaluates CEL as far as it is JavaScript: apart from `has(…)`, `list.exists(name, …)` and the names of types before braces, which
 * are translated.
 */
function evaluate(expression: string, object: KubeObject): unknown {
  const text = expression
    .replace(/\.exists\((\w+),/g, '.some($1 =>')
    .replace(/\bObject(\.\w+)*\{/g, '{');
  const has = (value: unknown): boolean => value !== undefined;
  return new Function('object', 'has', `return (${text.trim()});`)(object, has);
}
