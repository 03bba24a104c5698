import { RESTORE_CLUSTER_ROLE, RUNTIME_CLUSTER_ROLE } from '../../api/index.ts';
import type { Action } from '../cluster/gateway/access.ts';

/** A rule of a role, as RBAC writes it. */
export interface Rule {
  group: string;
  /** A subresource follows after a slash. */
  resources: readonly string[];
  /** Absent: every object. */
  names?: readonly string[];
  verbs: readonly Action['verb'][];
}

/** The rights that one role of deploy/k8s/rbac gives to NKVM itself. */
export interface NeededRole {
  role: string;
  /** The kind of the role, and so of the binding that grants it. */
  kind: 'ClusterRole' | 'Role';
  /** The use of the role: it does not work without it. */
  without: string;
  /** An installation may do without it: a lack is a warning. */
  isOptional?: true;
  rules: readonly Rule[];
}

const READ = ['get', 'list', 'watch'] as const;

/** Roles of every installation: those of all namespaces, and those of NKVM's own. */
export const NEEDED_ROLES: readonly NeededRole[] = [
  {
    role: 'nkvm-cluster-discovery',
    kind: 'ClusterRole',
    without: 'volumes, their pods and their owners are not shown',
    rules: [
      {
        group: '',
        resources: ['persistentvolumeclaims', 'persistentvolumes', 'nodes', 'namespaces', 'pods'],
        verbs: READ,
      },
      { group: 'storage.k8s.io', resources: ['storageclasses'], verbs: READ },
      {
        group: 'apps',
        resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
        verbs: READ,
      },
      { group: 'batch', resources: ['jobs', 'cronjobs'], verbs: READ },
    ],
  },
  {
    role: 'system:auth-delegator',
    kind: 'ClusterRole',
    without: 'nobody can use NKVM, because the rights of callers cannot be looked up',
    rules: [
      { group: 'authentication.k8s.io', resources: ['tokenreviews'], verbs: ['create'] },
      { group: 'authorization.k8s.io', resources: ['subjectaccessreviews'], verbs: ['create'] },
    ],
  },
  {
    role: 'nkvm-writer',
    kind: 'Role',
    without: 'NKVM does not start in a pod, because two pods could write one history',
    rules: [
      { group: 'coordination.k8s.io', resources: ['leases'], verbs: ['create'] },
      {
        group: 'coordination.k8s.io',
        resources: ['leases'],
        names: ['nkvm'],
        verbs: ['get', 'update'],
      },
    ],
  },
  {
    role: 'nkvm-destinations',
    kind: 'Role',
    without: 'archives go to the volume of NKVM only, and other clusters are not used',
    isOptional: true,
    rules: [{ group: '', resources: ['secrets'], verbs: READ }],
  },
  {
    role: 'nkvm-clusters',
    kind: 'Role',
    without: 'other clusters are added by a Secret, and not on the page',
    isOptional: true,
    rules: [{ group: '', resources: ['secrets'], verbs: ['create', 'patch', 'delete'] }],
  },
];

/** Roles that are bound in each namespace by itself. */
export const NAMESPACE_ROLES: readonly NeededRole[] = [
  {
    role: RUNTIME_CLUSTER_ROLE,
    kind: 'ClusterRole',
    without: 'backups fail or do not say why they fail',
    rules: [
      { group: '', resources: ['pods'], verbs: [...READ, 'create', 'delete'] },
      { group: '', resources: ['resourcequotas', 'limitranges'], verbs: ['get', 'list'] },
      { group: '', resources: ['pods/exec'], verbs: ['get', 'create'] },
      { group: '', resources: ['pods/log'], verbs: ['get'] },
      { group: '', resources: ['events'], verbs: ['get', 'list', 'create'] },
    ],
  },
  {
    role: RESTORE_CLUSTER_ROLE,
    kind: 'ClusterRole',
    without: 'restores fail or are refused',
    rules: [
      {
        group: '',
        resources: ['persistentvolumeclaims'],
        verbs: ['create', 'get', 'patch', 'delete'],
      },
      { group: '', resources: ['pods'], verbs: [...READ, 'create', 'delete'] },
      { group: '', resources: ['pods/exec'], verbs: ['get', 'create'] },
      { group: '', resources: ['pods/log'], verbs: ['get'] },
      { group: '', resources: ['events'], verbs: ['get', 'list', 'create'] },
      { group: '', resources: ['resourcequotas', 'limitranges'], verbs: ['get', 'list'] },
      {
        group: 'apps',
        resources: ['deployments', 'statefulsets', 'replicasets'],
        verbs: ['get', 'list', 'patch'],
      },
      { group: 'batch', resources: ['cronjobs'], verbs: ['get', 'list', 'patch'] },
      { group: 'autoscaling', resources: ['horizontalpodautoscalers'], verbs: ['get', 'list'] },
    ],
  },
];

/** @param namespace absent: in all namespaces */
export const actionsOf = ({ rules }: Pick<NeededRole, 'rules'>, namespace?: string): Action[] =>
  rules.flatMap(({ group, resources, names = [undefined], verbs }) =>
    resources.flatMap(resource =>
      names.flatMap(name =>
        verbs.map((verb): Action => {
          const [kind = '', subresource] = resource.split('/');
          return {
            ...{ verb, group, resource: kind },
            ...(subresource !== undefined && { subresource }),
            ...(namespace !== undefined && { namespace }),
            ...(name !== undefined && { name }),
          };
        })
      )
    )
  );

/** @returns rules that grant these actions, as YAML of a role. */
export function rulesYaml(actions: readonly Action[]): string {
  const verbs = new Map<string, string[]>();
  for (const { verb, group, resource, subresource, name } of actions) {
    const key = [
      `- apiGroups: ['${group}']`,
      `  resources: [${[resource, subresource].filter(Boolean).join('/')}]`,
      ...(name === undefined ? [] : [`  resourceNames: [${name}]`]),
    ].join('\n');
    verbs.set(key, [...(verbs.get(key) ?? []), verb]);
  }
  return [...verbs].map(([rule, each]) => `${rule}\n  verbs: [${each.join(', ')}]`).join('\n');
}

/** @returns an action as `kubectl auth can-i` takes it, e.g. `watch pods` */
export const nameOfAction = ({ verb, group, resource, subresource, name }: Action): string =>
  `${verb} ${[group ? `${resource}.${group}` : resource, subresource].filter(Boolean).join('/')}${
    name === undefined ? '' : ` ${name}`
  }`;
