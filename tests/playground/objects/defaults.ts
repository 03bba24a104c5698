import { type Kind, resourceName } from '../store/kinds.ts';
import type { PodSpec } from '../store/object.ts';

/** Fields of an object as somebody has sent it. */
type Fields = Record<string, any>;

/**
 * Fills in what the API server fills in, for the kinds where somebody looks at it (k8s.io/kubernetes/pkg/apis, the files
 * called defaults.go). `object` is changed.
 */
export function fillIn(kind: Kind, object: Fields): void {
  DEFAULTS[resourceName(kind)]?.(object);
}

/** Gives fields their values where they are not set. */
const set = (target: Fields, values: Fields): void => {
  for (const [name, value] of Object.entries(values)) target[name] ??= value;
};

const replicated = (object: Fields): void => {
  object.spec ??= {};
  set(object.spec, { replicas: 1 });
  template(object.spec.template);
};

const DEFAULTS: Record<string, (object: Fields) => void> = {
  pods(object) {
    object.spec ??= {};
    podSpec(object.spec);
    set(object.spec, {
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
      priority: 0,
    });
    object.status = { phase: 'Pending', qosClass: qosClass(object.spec) };
  },
  persistentvolumeclaims(object) {
    object.spec ??= {};
    set(object.spec, { volumeMode: 'Filesystem' });
    object.status = { phase: 'Pending' };
  },
  persistentvolumes(object) {
    object.spec ??= {};
    set(object.spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
    if (object.spec.claimRef)
      set(object.spec.claimRef, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
    object.status = { phase: 'Available' };
  },
  namespaces(object) {
    object.metadata.labels = {
      ...object.metadata.labels,
      'kubernetes.io/metadata.name': object.metadata.name,
    };
    object.spec = { finalizers: ['kubernetes'] };
    object.status = { phase: 'Active' };
  },
  nodes(object) {
    set(object, { spec: {}, status: {} });
  },
  services(object) {
    object.spec ??= {};
    set(object.spec, {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
    for (const port of object.spec.ports ?? []) {
      set(port, { protocol: 'TCP', targetPort: port.port });
    }
    object.status = { loadBalancer: {} };
  },
  secrets(object) {
    set(object, { type: 'Opaque' });
    for (const [name, text] of Object.entries(object.stringData ?? {})) {
      object.data = { ...object.data, [name]: Buffer.from(String(text)).toString('base64') };
    }
    delete object.stringData;
  },
  'deployments.apps'(object) {
    replicated(object);
    const { spec } = object;
    set(spec, { strategy: {}, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
    set(spec.strategy, { type: 'RollingUpdate' });
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate = {
        maxUnavailable: '25%',
        maxSurge: '25%',
        ...spec.strategy.rollingUpdate,
      };
    }
    object.status = {};
  },
  'replicasets.apps'(object) {
    replicated(object);
    object.status = { replicas: 0 };
  },
  'statefulsets.apps'(object) {
    replicated(object);
    set(object.spec, {
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    });
    for (const claim of object.spec.volumeClaimTemplates ?? []) {
      set(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } });
      set(claim.spec, { volumeMode: 'Filesystem' });
    }
    object.status = { replicas: 0 };
  },
  'daemonsets.apps'(object) {
    object.spec ??= {};
    template(object.spec.template);
    set(object.spec, {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
    });
    object.status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    };
  },
  'jobs.batch'(object) {
    object.spec ??= {};
    const { spec, metadata } = object;
    set(spec, { parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false });
    set(spec, { completions: spec.parallelism, podReplacementPolicy: 'TerminatingOrFailed' });
    if (!spec.manualSelector) {
      const labels = {
        'batch.kubernetes.io/controller-uid': metadata.uid,
        'batch.kubernetes.io/job-name': metadata.name,
        'controller-uid': metadata.uid,
        'job-name': metadata.name,
      };
      spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': metadata.uid } };
      spec.template = {
        ...spec.template,
        metadata: {
          ...spec.template?.metadata,
          labels: { ...spec.template?.metadata?.labels, ...labels },
        },
      };
    }
    template(spec.template);
    object.status = {};
  },
  'cronjobs.batch'(object) {
    object.spec ??= {};
    set(object.spec, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    template(object.spec.jobTemplate?.spec?.template);
    object.status = {};
  },
  'storageclasses.storage.k8s.io'(object) {
    set(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
  },
  'rolebindings.rbac.authorization.k8s.io': subjects,
  'clusterrolebindings.rbac.authorization.k8s.io': subjects,
};

function subjects(object: Fields): void {
  for (const subject of object.subjects ?? []) {
    if (subject.kind !== 'ServiceAccount') set(subject, { apiGroup: 'rbac.authorization.k8s.io' });
  }
}

/** Of workloads. Their pods get theirs once more, as pods. */
function template(podTemplate: Fields | undefined): void {
  if (podTemplate?.spec) podSpec(podTemplate.spec);
}

function podSpec(spec: Fields): void {
  set(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
    securityContext: {},
  });
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    set(container, {
      imagePullPolicy: /:(?!latest$)[^/:]+$|@/.test(container.image ?? '')
        ? 'IfNotPresent'
        : 'Always',
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    });
    for (const port of container.ports ?? []) set(port, { protocol: 'TCP' });
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.fieldRef) set(valueFrom.fieldRef, { apiVersion: 'v1' });
    }
  }
  for (const volume of spec.volumes ?? []) {
    if (volume.hostPath) set(volume.hostPath, { type: '' });
    if (volume.configMap) set(volume.configMap, { defaultMode: 420 });
    if (volume.secret) set(volume.secret, { defaultMode: 420 });
  }
}

function qosClass({ containers = [], initContainers = [] }: PodSpec): string {
  const all = [...containers, ...initContainers];
  const amounts = all.flatMap(({ resources }) => [resources?.requests, resources?.limits]);
  if (amounts.every(each => Object.keys(each ?? {}).length === 0)) return 'BestEffort';
  const isGuaranteed = all.every(({ resources }) =>
    ['cpu', 'memory'].every(name => {
      const limit = resources?.limits?.[name];
      return limit !== undefined && (resources?.requests?.[name] ?? limit) === limit;
    })
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}
