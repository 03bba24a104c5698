import type {
  CoreV1Event,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Job,
  V1Namespace,
  V1Node,
  V1OwnerReference,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodSpec,
  V1PodStatus,
  V1PodTemplateSpec,
  V1ReplicaSet,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V1StorageClass,
} from '@kubernetes/client-node';

/** A type of the client as it is in JSON: times are text there. */
export type Plain<T> = T extends Date
  ? string
  : T extends object
  ? { [Field in keyof T]: Plain<T[Field]> }
  : T;

export interface Metadata {
  name: string;
  generateName?: string;
  /** Absent for objects of the whole cluster. */
  namespace?: string;
  uid: string;
  resourceVersion: string;
  /** Grows with each change of `spec`. */
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: Plain<V1OwnerReference>[];
  finalizers?: string[];
}

/** Any object of Kubernetes. What is stored is never changed in place: a change is a new object. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
}

/** An object as a client sends it. */
export interface Draft {
  apiVersion?: string;
  kind?: string;
  metadata?: Partial<Metadata>;
  [field: string]: unknown;
}

type Stored<T> = KubeObject & Omit<Plain<T>, 'apiVersion' | 'kind' | 'metadata'>;

/** What the defaults of the API server fill in is not optional here. */
type Filled<T extends { spec?: unknown; status?: unknown }> = Stored<T> & {
  spec: Plain<NonNullable<T['spec']>>;
  status: Plain<NonNullable<T['status']>>;
};

export type PodSpec = Plain<V1PodSpec>;
export type PodStatus = Plain<V1PodStatus>;
export type PodTemplate = Plain<V1PodTemplateSpec>;
export type Container = PodSpec['containers'][number];
export type OwnerReference = Plain<V1OwnerReference>;

export type Claim = Filled<V1PersistentVolumeClaim>;
export type ClusterRole = Stored<V1ClusterRole>;
export type ClusterRoleBinding = Stored<V1ClusterRoleBinding>;
export type ConfigMap = Stored<V1ConfigMap>;
export type DaemonSet = Filled<V1DaemonSet>;
export type Deployment = Filled<V1Deployment>;
export type EndpointSlice = Stored<V1EndpointSlice>;
export type Event = Stored<CoreV1Event>;
export type Job = Filled<V1Job>;
export type Namespace = Filled<V1Namespace>;
export type Node = Filled<V1Node>;
export type Pod = Filled<V1Pod>;
export type ReplicaSet = Filled<V1ReplicaSet>;
export type Role = Stored<V1Role>;
export type RoleBinding = Stored<V1RoleBinding>;
export type Secret = Stored<V1Secret>;
export type Service = Filled<V1Service>;
export type ServiceAccount = Stored<V1ServiceAccount>;
export type StatefulSet = Filled<V1StatefulSet>;
export type StorageClass = Stored<V1StorageClass>;
export type Volume = Filled<V1PersistentVolume>;
