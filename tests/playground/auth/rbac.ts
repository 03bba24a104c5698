import { kindNamed } from '../store/kinds.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../store/object.ts';
import type { Store } from '../store/store.ts';
import { MASTERS, type User } from './user.ts';

/** An action to check. */
export type Attributes =
  | {
      verb: string;
      group: string;
      resource: string;
      subresource?: string;
      /** Absent: in the whole cluster. */
      namespace?: string;
      /** Absent: to objects that are not named. */
      name?: string;
    }
  | { verb: string; path: string };

export type Rule = NonNullable<Role['rules']>[number];

const ROLES = kindNamed('roles.rbac.authorization.k8s.io');
const BINDINGS = kindNamed('rolebindings.rbac.authorization.k8s.io');
const CLUSTER_ROLES = kindNamed('clusterroles.rbac.authorization.k8s.io');
const CLUSTER_BINDINGS = kindNamed('clusterrolebindings.rbac.authorization.k8s.io');

/** Whether a rule grants it (k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go). */
export function grants(rule: Rule, wanted: Attributes): boolean {
  if (!hasOrAll(rule.verbs, wanted.verb)) return false;
  if ('path' in wanted) {
    return (rule.nonResourceURLs ?? []).some(url =>
      url.endsWith('*') ? wanted.path.startsWith(url.slice(0, -1)) : url === wanted.path
    );
  }
  const { group, resource, subresource, name } = wanted;
  const combined = subresource ? `${resource}/${subresource}` : resource;
  return (
    hasOrAll(rule.apiGroups, group) &&
    (rule.resources ?? []).some(
      each => each === '*' || each === combined || (subresource && each === `*/${subresource}`)
    ) &&
    (!rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name)))
  );
}

const hasOrAll = (list: readonly string[] | undefined, wanted: string): boolean =>
  (list ?? []).some(each => each === '*' || each === wanted);

/** Decides by the Role and Binding objects of the store. */
export class Rbac {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  allows(user: User, wanted: Attributes): boolean {
    if (user.groups.includes(MASTERS)) return true;
    const namespace = 'path' in wanted ? undefined : wanted.namespace;
    return this.rulesOf(user, namespace).some(rule => grants(rule, wanted));
  }

  /** @returns the rules that hold for the user in the whole cluster and, where one is named, in the namespace. */
  rulesOf(user: User, namespace?: string): Rule[] {
    const clusterWide = this.#store
      .list<ClusterRoleBinding>(CLUSTER_BINDINGS)
      .filter(binding => names(binding, user))
      .flatMap(({ roleRef }) => this.#clusterRole(roleRef.name));
    if (!namespace) return clusterWide;
    const here = this.#store
      .list<RoleBinding>(BINDINGS, namespace)
      .filter(binding => names(binding, user, namespace))
      .flatMap(({ roleRef }) =>
        roleRef.kind === 'ClusterRole'
          ? this.#clusterRole(roleRef.name)
          : this.#store.get<Role>(ROLES, namespace, roleRef.name)?.rules ?? []
      );
    return [...clusterWide, ...here];
  }

  #clusterRole(name: string): Rule[] {
    return this.#store.get<ClusterRole>(CLUSTER_ROLES, undefined, name)?.rules ?? [];
  }
}

/** Whether the binding is for the user. In a RoleBinding, a ServiceAccount without namespace is of its own namespace. */
function names({ subjects }: RoleBinding | ClusterRoleBinding, user: User, home = ''): boolean {
  return (subjects ?? []).some(subject => {
    switch (subject.kind) {
      case 'User':
        return subject.name === user.username;
      case 'Group':
        return user.groups.includes(subject.name);
      case 'ServiceAccount': {
        const namespace = subject.namespace ?? home;
        return user.username === `system:serviceaccount:${namespace}:${subject.name}`;
      }
      default:
        return false;
    }
  });
}
