import type { Autoscaler, Workload } from '../../cluster/inventory/workloads.ts';
import { FIELD_MANAGER } from '../../cluster/inventory/workloads.ts';

/** Something that sets the replicas of a workload by itself, and so may start it again while it is stopped. */
export interface Loop {
  /** For people, e.g. `Argo CD application shop`. */
  name: string;
  /** How its changes are signed in `managedFields`. */
  managers: readonly string[];
  /** How it is kept from doing so. */
  hint: string;
  /** Kubernetes does not let an autoscaler touch a workload that has 0 replicas. */
  pausesAtZero?: boolean;
}

const ARGO_MANAGERS = ['argocd-controller', 'argocd-application-controller', 'argocd'];
const FLUX_MANAGERS = ['kustomize-controller', 'helm-controller'];

/** Groups of Kubernetes itself have no dot, or end like this. */
const isBuiltIn = (apiVersion: string): boolean => {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] ?? '' : '';
  return !group.includes('.') || group.endsWith('.k8s.io');
};

/** @returns who may start a workload again, by what its own object says and by the autoscalers of its namespace. */
export function loopsOf(workload: Workload, autoscalers: readonly Autoscaler[]): Loop[] {
  return [
    ...argoOf(workload),
    ...fluxOf(workload),
    ...operatorsOf(workload),
    ...autoscalersOf(workload, autoscalers),
  ];
}

const hasManager = ({ managedFields }: Workload, managers: readonly string[]): boolean =>
  managedFields.some(({ manager }) => managers.includes(manager));

/**
 * Argo CD's tracking id is `APPLICATION:GROUP/KIND:NAMESPACE/NAME`. By default it marks objects with the label
 * `app.kubernetes.io/instance`, which Helm sets as well, so that counts only where Argo CD has written the object.
 */
function argoOf(workload: Workload): Loop[] {
  const { labels, annotations } = workload;
  const isManaged = hasManager(workload, ARGO_MANAGERS);
  const application =
    annotations['argocd.argoproj.io/tracking-id']?.split(':')[0] ||
    labels['argocd.argoproj.io/instance'] ||
    annotations['argocd.argoproj.io/instance'] ||
    (isManaged ? labels['app.kubernetes.io/instance'] : undefined);
  if (!application && !isManaged) return [];
  const name = application ? `Argo CD application ${application}` : 'Argo CD';
  return [
    {
      name,
      managers: ARGO_MANAGERS,
      hint: `switch off its self-heal for the time of the restore: argocd app set ${
        application ?? 'APPLICATION'
      } --self-heal=false`,
    },
  ];
}

function fluxOf(workload: Workload): Loop[] {
  const { labels, annotations } = workload;
  const of = (kind: string, prefix: string, command: string): Loop[] => {
    const name = labels[`${prefix}/name`];
    const namespace = labels[`${prefix}/namespace`];
    if (!name || annotations[`${prefix}/reconcile`] === 'disabled') return [];
    return [
      {
        name: `Flux ${kind} ${namespace ? `${namespace}/` : ''}${name}`,
        managers: FLUX_MANAGERS,
        hint: `suspend it for the time of the restore: flux suspend ${command} ${name}${
          namespace ? ` -n ${namespace}` : ''
        }`,
      },
    ];
  };
  const named = [
    ...of('Kustomization', 'kustomize.toolkit.fluxcd.io', 'kustomization'),
    ...of('HelmRelease', 'helm.toolkit.fluxcd.io', 'helmrelease'),
  ];
  const isDisabled = annotations['kustomize.toolkit.fluxcd.io/reconcile'] === 'disabled';
  if (named.length > 0 || isDisabled || !hasManager(workload, FLUX_MANAGERS)) return named;
  return [
    {
      name: 'Flux',
      managers: FLUX_MANAGERS,
      hint: 'suspend the Kustomization or HelmRelease that made it, for the time of the restore',
    },
  ];
}

/** An owner of a group that is not Kubernetes' own belongs to an operator. */
function operatorsOf({ ownerReferences }: Workload): Loop[] {
  return ownerReferences
    .filter(({ apiVersion }) => !isBuiltIn(apiVersion))
    .map(({ apiVersion, kind, name }) => ({
      name: `the operator of ${kind} ${name} (${apiVersion.split('/')[0]})`,
      managers: [],
      hint: `stop it through ${kind} ${name}, or pause its operator, for the time of the restore`,
    }));
}

function autoscalersOf({ kind, name }: Workload, autoscalers: readonly Autoscaler[]): Loop[] {
  return autoscalers
    .filter(({ target }) => target.kind === kind && target.name === name)
    .flatMap(autoscaler => {
      const keda = autoscaler.ownerReferences.find(({ kind }) => kind === 'ScaledObject');
      const hpa = {
        name: `HorizontalPodAutoscaler ${autoscaler.name}`,
        managers: ['kube-controller-manager'],
        hint: `delete it for the time of the restore: kubectl delete hpa ${autoscaler.name}`,
        pausesAtZero: true,
      };
      if (!keda) return [hpa];
      return [
        {
          name: `KEDA ScaledObject ${keda.name}`,
          managers: ['keda-operator', 'keda', ...hpa.managers],
          hint: `pause it for the time of the restore: kubectl annotate scaledobject ${keda.name} autoscaling.keda.sh/paused-replicas=0`,
        },
      ];
    });
}

/** @returns a sentence for the plan; null where nothing may start the workload again. */
export function warningOf(loops: readonly Loop[]): string | null {
  const active = loops.filter(({ pausesAtZero }) => !pausesAtZero);
  const names = active.map(({ name }) => name).join(' and ');
  if (names) {
    return `${names} may start it again meanwhile; the restore then ends before it writes. ${active
      .map(({ hint }) => hint)
      .join('; ')}`;
  }
  const [paused] = loops;
  return paused ? `${paused.name} sets its replicas, and pauses while it has no replicas` : null;
}

/** A change of a field that decides how many pods there are. */
export interface FieldChange {
  manager: string;
  /** ISO-8601; undefined where the API server did not say. */
  at: string | undefined;
}

/** @returns who else has set the field last, by `managedFields`; undefined where it does not say. */
export function whoStarted({ kind, managedFields }: Workload): FieldChange | undefined {
  const field = kind === 'CronJob' ? 'f:suspend' : 'f:replicas';
  const [last] = managedFields
    .filter(({ manager }) => manager !== FIELD_MANAGER)
    .filter(({ fields }) => field in ((fields as { 'f:spec'?: object })['f:spec'] ?? {}))
    .map(({ manager, time }) => ({ manager, at: time }))
    .sort((one, other) => ((one.at ?? '') < (other.at ?? '') ? 1 : -1));
  return last;
}
