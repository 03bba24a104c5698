/** A kind of object that the API server keeps. */
export interface Kind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** As in paths, e.g. `persistentvolumeclaims`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  /** Paths behind an object's own, e.g. `status`. */
  readonly subresources: readonly string[];
  /** Field selectors, beside `metadata.name` and `metadata.namespace`. */
  readonly fields: readonly string[];
  /** Another kind that shows the same objects, e.g. both kinds of Event. */
  readonly storedAs?: string;
  /** Name of the CustomResourceDefinition without which the API server does not have the kind. */
  readonly definedBy?: string;
}

interface Options {
  short?: string;
  subresources?: readonly string[];
  fields?: readonly string[];
  cluster?: boolean;
  storedAs?: string;
  definedBy?: string;
}

const inGroup =
  (group: string, version: string) =>
  (plural: string, kind: string, options: Options = {}): Kind => ({
    group,
    version,
    plural,
    kind,
    namespaced: !options.cluster,
    shortNames: options.short?.split(' ') ?? [],
    subresources: options.subresources ?? [],
    fields: options.fields ?? [],
    ...(options.storedAs && { storedAs: options.storedAs }),
    ...(options.definedBy && { definedBy: options.definedBy }),
  });

const core = inGroup('', 'v1');
const admission = inGroup('admissionregistration.k8s.io', 'v1');
const apps = inGroup('apps', 'v1');
const batch = inGroup('batch', 'v1');
const networking = inGroup('networking.k8s.io', 'v1');
const rbac = inGroup('rbac.authorization.k8s.io', 'v1');
const storage = inGroup('storage.k8s.io', 'v1');

const status = ['status'];
const scale = ['scale', 'status'];

export const KINDS: readonly Kind[] = [
  core('configmaps', 'ConfigMap', { short: 'cm' }),
  core('endpoints', 'Endpoints', { short: 'ep' }),
  core('events', 'Event', {
    short: 'ev',
    fields: [
      'involvedObject.apiVersion',
      'involvedObject.fieldPath',
      'involvedObject.kind',
      'involvedObject.name',
      'involvedObject.namespace',
      'involvedObject.resourceVersion',
      'involvedObject.uid',
      'reason',
      'reportingComponent',
      'source',
      'type',
    ],
  }),
  core('limitranges', 'LimitRange', { short: 'limits' }),
  core('namespaces', 'Namespace', {
    short: 'ns',
    cluster: true,
    subresources: ['finalize', 'status'],
    fields: ['status.phase'],
  }),
  core('nodes', 'Node', {
    short: 'no',
    cluster: true,
    subresources: status,
    fields: ['spec.unschedulable'],
  }),
  core('persistentvolumeclaims', 'PersistentVolumeClaim', { short: 'pvc', subresources: status }),
  core('persistentvolumes', 'PersistentVolume', {
    short: 'pv',
    cluster: true,
    subresources: status,
  }),
  core('pods', 'Pod', {
    short: 'po',
    subresources: ['binding', 'eviction', 'exec', 'log', 'proxy', 'status'],
    fields: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
    ],
  }),
  core('podtemplates', 'PodTemplate'),
  core('replicationcontrollers', 'ReplicationController', { short: 'rc', subresources: scale }),
  core('resourcequotas', 'ResourceQuota', { short: 'quota', subresources: status }),
  core('secrets', 'Secret', { fields: ['type'] }),
  core('serviceaccounts', 'ServiceAccount', { short: 'sa', subresources: ['token'] }),
  core('services', 'Service', { short: 'svc', subresources: ['proxy', 'status'] }),

  apps('controllerrevisions', 'ControllerRevision'),
  apps('daemonsets', 'DaemonSet', { short: 'ds', subresources: status }),
  apps('deployments', 'Deployment', { short: 'deploy', subresources: scale }),
  apps('replicasets', 'ReplicaSet', {
    short: 'rs',
    subresources: scale,
    fields: ['status.replicas'],
  }),
  apps('statefulsets', 'StatefulSet', { short: 'sts', subresources: scale }),

  batch('cronjobs', 'CronJob', { short: 'cj', subresources: status }),
  batch('jobs', 'Job', { subresources: status, fields: ['status.successful'] }),

  inGroup('autoscaling', 'v2')('horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    short: 'hpa',
    subresources: status,
  }),
  inGroup('coordination.k8s.io', 'v1')('leases', 'Lease'),
  inGroup('discovery.k8s.io', 'v1')('endpointslices', 'EndpointSlice'),
  inGroup('events.k8s.io', 'v1')('events', 'Event', { short: 'ev', storedAs: 'events' }),
  inGroup('policy', 'v1')('poddisruptionbudgets', 'PodDisruptionBudget', {
    short: 'pdb',
    subresources: status,
  }),
  inGroup('scheduling.k8s.io', 'v1')('priorityclasses', 'PriorityClass', {
    short: 'pc',
    cluster: true,
  }),
  inGroup('node.k8s.io', 'v1')('runtimeclasses', 'RuntimeClass', { cluster: true }),
  inGroup('apiextensions.k8s.io', 'v1')('customresourcedefinitions', 'CustomResourceDefinition', {
    short: 'crd crds',
    cluster: true,
    subresources: status,
  }),
  inGroup('nkvm.io', 'v1alpha1')('backuprestores', 'BackupRestore', {
    subresources: status,
    definedBy: 'backuprestores.nkvm.io',
  }),
  admission('mutatingadmissionpolicies', 'MutatingAdmissionPolicy', { cluster: true }),
  admission('mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding', { cluster: true }),
  admission('mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', { cluster: true }),
  admission('validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', { cluster: true }),

  networking('ingressclasses', 'IngressClass', { cluster: true }),
  networking('ingresses', 'Ingress', { short: 'ing', subresources: status }),
  networking('networkpolicies', 'NetworkPolicy', { short: 'netpol' }),

  rbac('clusterrolebindings', 'ClusterRoleBinding', { cluster: true }),
  rbac('clusterroles', 'ClusterRole', { cluster: true }),
  rbac('rolebindings', 'RoleBinding'),
  rbac('roles', 'Role'),

  storage('csidrivers', 'CSIDriver', { cluster: true }),
  storage('csinodes', 'CSINode', { cluster: true }),
  storage('csistoragecapacities', 'CSIStorageCapacity'),
  storage('storageclasses', 'StorageClass', { short: 'sc', cluster: true }),
  storage('volumeattachments', 'VolumeAttachment', { cluster: true, subresources: status }),
];

/** @returns e.g. `pods`, `deployments.apps`: what error messages call it, and the key it is stored under. */
export const resourceName = ({ group, plural }: Pick<Kind, 'group' | 'plural'>): string =>
  group === '' ? plural : `${plural}.${group}`;

export const apiVersionOf = ({ group, version }: Pick<Kind, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

export const kindOfObject = (apiVersion: string, name: string): Kind | undefined =>
  KINDS.find(kind => apiVersionOf(kind) === apiVersion && kind.kind === name);

/** @returns the kind of that resource name. @throws Error when there is none: for use with literals. */
export function kindNamed(resource: string): Kind {
  const kind = KINDS.find(each => resourceName(each) === resource);
  if (!kind) throw new Error(`${resource} is not a kind of the playground`);
  return kind;
}
