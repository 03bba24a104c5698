import type { Draft } from '../store/object.ts';
import type { Rule } from './rbac.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const CREATE = ['create'];

const rule = (group: string, resources: string, verbs: string[]): Rule => ({
  apiGroups: [group],
  resources: resources.split(' '),
  verbs,
});

/** Facts of Kubernetes 1.36 (plugin/pkg/auth/authorizer/rbac/bootstrappolicy), without groups that are not served here. */
const VIEW: Rule[] = [
  rule(
    '',
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers ' +
      'replicationcontrollers/scale serviceaccounts services services/status',
    READ
  ),
  rule(
    '',
    'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas ' +
      'resourcequotas/status',
    READ
  ),
  rule('', 'namespaces', READ),
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: READ },
  rule('discovery.k8s.io', 'endpointslices', READ),
  rule(
    'apps',
    'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets ' +
      'replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
    READ
  ),
  rule('autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status', READ),
  rule('batch', 'cronjobs cronjobs/status jobs jobs/status', READ),
  rule('policy', 'poddisruptionbudgets poddisruptionbudgets/status', READ),
  rule('networking.k8s.io', 'ingresses ingresses/status networkpolicies', READ),
];

const EDIT: Rule[] = [
  rule('', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy', READ),
  rule('', 'serviceaccounts', ['impersonate']),
  rule('', 'pods pods/attach pods/exec pods/portforward pods/proxy', WRITE),
  rule('', 'pods/eviction', CREATE),
  rule(
    '',
    'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts ' +
      'services services/proxy',
    WRITE
  ),
  rule('', 'serviceaccounts/token', CREATE),
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: WRITE },
  rule(
    'apps',
    'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets ' +
      'statefulsets/scale',
    WRITE
  ),
  rule('autoscaling', 'horizontalpodautoscalers', WRITE),
  rule('batch', 'cronjobs jobs', WRITE),
  rule('policy', 'poddisruptionbudgets', WRITE),
  rule('networking.k8s.io', 'ingresses networkpolicies', WRITE),
  rule('coordination.k8s.io', 'leases', [...READ, ...WRITE]),
];

const ADMIN: Rule[] = [
  rule('authorization.k8s.io', 'localsubjectaccessreviews', CREATE),
  rule('rbac.authorization.k8s.io', 'rolebindings roles', [...READ, ...WRITE]),
];

const PUBLIC_PATHS = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

const role = (name: string, rules: Rule[], aggregatesTo?: string): Draft => ({
  metadata: { name, labels: labels(aggregatesTo) },
  rules,
});

const aggregated = (name: string, aggregatesTo?: string): Draft => ({
  metadata: { name, labels: labels(aggregatesTo) },
  aggregationRule: {
    clusterRoleSelectors: [
      { matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true' } },
    ],
  },
  rules: [],
});

const labels = (aggregatesTo: string | undefined): Record<string, string> => ({
  'kubernetes.io/bootstrapping': 'rbac-defaults',
  ...(aggregatesTo && { [`rbac.authorization.k8s.io/aggregate-to-${aggregatesTo}`]: 'true' }),
});

/** The ClusterRoles that every cluster has and somebody here relies on. */
export const CLUSTER_ROLES: readonly Draft[] = [
  role('cluster-admin', [rule('*', '*', ['*']), { nonResourceURLs: ['*'], verbs: ['*'] }]),
  aggregated('admin'),
  aggregated('edit', 'admin'),
  aggregated('view', 'edit'),
  role('system:aggregate-to-admin', ADMIN, 'admin'),
  role('system:aggregate-to-edit', EDIT, 'edit'),
  role('system:aggregate-to-view', VIEW, 'view'),
  role('system:auth-delegator', [
    rule('authentication.k8s.io', 'tokenreviews', CREATE),
    rule('authorization.k8s.io', 'subjectaccessreviews', CREATE),
  ]),
  role('system:basic-user', [
    rule('authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews', CREATE),
    rule('authentication.k8s.io', 'selfsubjectreviews', CREATE),
  ]),
  role('system:discovery', [
    {
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/openapi',
        '/openapi/*',
        ...PUBLIC_PATHS,
      ],
      verbs: ['get'],
    },
  ]),
  role('system:public-info-viewer', [{ nonResourceURLs: PUBLIC_PATHS, verbs: ['get'] }]),
];

const binding = (role: string, ...groups: string[]): Draft => ({
  metadata: { name: role, labels: labels(undefined) },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: groups.map(name => ({ kind: 'Group', name })),
});

export const CLUSTER_ROLE_BINDINGS: readonly Draft[] = [
  binding('cluster-admin', 'system:masters'),
  binding('system:basic-user', 'system:authenticated'),
  binding('system:discovery', 'system:authenticated'),
  binding('system:public-info-viewer', 'system:authenticated', 'system:unauthenticated'),
];
