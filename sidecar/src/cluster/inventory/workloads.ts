import type { V1ObjectMeta, V2HorizontalPodAutoscaler } from '@kubernetes/client-node';
import { RESTORE_ANNOTATION } from '../../../api/index.ts';
import type { Fence } from '../../fence.ts';
import { ApiFailure } from '../gateway/apiFailure.ts';
import { type Gateway, pathOf } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';

/** Kinds that own pods and are built into Kubernetes. */
export type WorkloadKind = keyof typeof RESOURCES;

export interface WorkloadRef {
  kind: WorkloadKind;
  namespace: string;
  name: string;
}

/** Managers that have set fields of an object, and when; `fields` is `fieldsV1`. */
export interface ManagedFields {
  manager: string;
  operation: string;
  subresource: string | undefined;
  /** ISO-8601, of the last change. */
  time: string | undefined;
  fields: object;
}

/** A workload as the API server has it now. */
export interface Workload extends WorkloadRef {
  uid: string;
  resourceVersion: string;
  generation: number;
  isTerminating: boolean;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  ownerReferences: { apiVersion: string; kind: string; name: string; controller: boolean }[];
  managedFields: ManagedFields[];
  /** `spec.replicas`; undefined for a kind that has none. */
  replicas: number | undefined;
  /** `spec.suspend`, of a CronJob or Job. */
  isSuspended: boolean;
  /** Its controller has seen the present `generation`. */
  isObserved: boolean;
  /** `status.replicas`. */
  runningReplicas: number;
  /** Of a CronJob: names of its Jobs under way. */
  activeJobs: string[];
  /** Of a Job: it has succeeded or failed for good. */
  isOver: boolean;
  /** Of a StatefulSet: scaling it down deletes claims (`persistentVolumeClaimRetentionPolicy.whenScaled: Delete`). */
  deletesClaims: boolean;
  /** Of a StatefulSet: the number of its first pod. */
  firstOrdinal: number;
}

/** Fields that one change of a workload sets; `note` null removes the annotation `nkvm.io/restore`. */
export interface WorkloadChange {
  note: string | null;
  replicas?: number;
  suspend?: boolean;
}

/** An autoscaler, which changes the number of replicas. */
export interface Autoscaler {
  name: string;
  target: { kind: string; name: string };
  /** Its owner, e.g. the ScaledObject of KEDA. */
  ownerReferences: { apiVersion: string; kind: string; name: string }[];
}

/** The workloads of a cluster, past every cache. */
export interface Workloads {
  /** @returns undefined when there is none. @throws ApiFailure when the API server did not say. */
  get(ref: WorkloadRef, signal?: AbortSignal): Promise<Workload | undefined>;
  /**
   * Changes a workload, all of it or nothing, and only while it still is as `seen`.
   * @throws ApiFailure of kind `conflict` when it has changed since, perhaps by this very call whose answer was lost: look
   *   again and decide on what it finds. `notFound` when it is gone.
   */
  change(seen: Workload, change: WorkloadChange, signal?: AbortSignal): Promise<Workload>;
  /** @returns the HorizontalPodAutoscalers of a namespace; none where they may not be read. @throws ApiFailure. */
  autoscalers(namespace: string, signal?: AbortSignal): Promise<Autoscaler[]>;
}

/** In `managedFields`; the same as the API server would take from our User-Agent. */
export const FIELD_MANAGER = 'nkvm';

const RESOURCES = {
  Deployment: '/apis/apps/v1 deployments',
  StatefulSet: '/apis/apps/v1 statefulsets',
  DaemonSet: '/apis/apps/v1 daemonsets',
  ReplicaSet: '/apis/apps/v1 replicasets',
  Job: '/apis/batch/v1 jobs',
  CronJob: '/apis/batch/v1 cronjobs',
} as const;

/** @returns whether a kind of an ownerReference is one of these. */
export const isWorkloadKind = (apiVersion: string, kind: string): kind is WorkloadKind =>
  Object.hasOwn(RESOURCES, kind) &&
  RESOURCES[kind as WorkloadKind].startsWith(`/apis/${apiVersion} `);

export function workloadsOf(gateway: Pick<Gateway, 'json'>): Workloads {
  return {
    async get(ref, signal) {
      try {
        return workloadOf(ref.kind, await gateway.json<Item>({ path: pathTo(ref), signal }));
      } catch (error) {
        if (error instanceof ApiFailure && error.kind === 'notFound') return undefined;
        throw error;
      }
    },

    async change(seen, { note, replicas, suspend }, signal) {
      const { uid, resourceVersion } = seen;
      const changed = await gateway.json<Item>({
        method: 'PATCH',
        path: pathTo(seen),
        query: { fieldManager: FIELD_MANAGER },
        body: {
          metadata: { uid, resourceVersion, annotations: { [RESTORE_ANNOTATION]: note } },
          ...((replicas !== undefined || suspend !== undefined) && { spec: { replicas, suspend } }),
        },
        // A second try of one that was carried out meets a conflict.
        repeat: 'always',
        signal,
      });
      return workloadOf(seen.kind, changed);
    },

    async autoscalers(namespace, signal) {
      const path = pathOf('/apis/autoscaling/v2/namespaces', namespace, 'horizontalpodautoscalers');
      try {
        const list = await gateway.json<{ items: Raw<V2HorizontalPodAutoscaler>[] | null }>({
          path,
          signal,
        });
        return (list.items ?? []).map(({ metadata, spec }) => ({
          name: metadata?.name ?? '',
          target: {
            kind: spec?.scaleTargetRef.kind ?? '',
            name: spec?.scaleTargetRef.name ?? '',
          },
          ownerReferences: metadata?.ownerReferences ?? [],
        }));
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        // No right, or an API server without them (404 without a Status): a later look at the workload shows whether
        // something scaled it back.
        if (error.status === 403 || error.status === 404) return [];
        throw error;
      }
    },
  };
}

/** @returns workloads that are changed only while this process may write. */
export const fencedWorkloads = (workloads: Workloads, fence: Fence): Workloads => ({
  ...workloads,
  async change(...args) {
    fence.assertHeld();
    return await workloads.change(...args);
  },
});

const pathTo = ({ kind, namespace, name }: WorkloadRef): string => {
  const [group = '', resource = ''] = RESOURCES[kind].split(' ');
  return pathOf(`${group}/namespaces`, namespace, resource, name);
};

/** The fields of all kinds together that are read here. */
interface Item {
  metadata?: Raw<V1ObjectMeta>;
  spec?: {
    replicas?: number;
    suspend?: boolean;
    ordinals?: { start?: number };
    persistentVolumeClaimRetentionPolicy?: { whenScaled?: string };
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    active?: { name?: string }[] | number;
    conditions?: { type: string; status: string }[];
  };
}

function workloadOf(kind: WorkloadKind, { metadata = {}, spec = {}, status = {} }: Item): Workload {
  const generation = metadata.generation ?? 0;
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    generation,
    isTerminating: metadata.deletionTimestamp !== undefined,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    ownerReferences: (metadata.ownerReferences ?? []).map(
      ({ apiVersion, kind, name, controller = false }) => ({ apiVersion, kind, name, controller })
    ),
    managedFields: (metadata.managedFields ?? []).map(entry => ({
      manager: entry.manager ?? '',
      operation: entry.operation ?? '',
      subresource: entry.subresource,
      time: entry.time,
      fields: entry.fieldsV1 ?? {},
    })),
    replicas: spec.replicas,
    isSuspended: spec.suspend ?? false,
    isObserved: (status.observedGeneration ?? 0) >= generation,
    runningReplicas: status.replicas ?? 0,
    activeJobs: Array.isArray(status.active) ? status.active.map(({ name = '' }) => name) : [],
    isOver: (status.conditions ?? []).some(
      ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True'
    ),
    deletesClaims: spec.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete',
    firstOrdinal: spec.ordinals?.start ?? 0,
  };
}
