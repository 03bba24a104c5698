import type { OwnerReference } from '../../../api/index.ts';
import type { RestoreMark } from '../writes/restoreMark.ts';

/** A term of a Kubernetes NodeSelector; passed on to helper pods as it is. */
export interface NodeSelectorTerm {
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
  matchFields?: { key: string; operator: string; values?: string[] }[];
}

/** The little that the inventory keeps of each object: thousands of pods must cost megabytes, not hundreds of them. */

/** The entry of `ownerReferences` with `controller: true`. */
export interface Controller extends OwnerReference {
  uid: string;
}

/** Kinds of objects between a pod and its top owner. */
export interface OwnedFact extends OwnerReference {
  namespace: string;
  uid: string;
  controller: Controller | undefined;
}

/** The ids that a pod asks for in its `securityContext`; what it does not say comes from its image. */
export interface RunsAs {
  user?: number | undefined;
  group?: number | undefined;
  /** `fsGroup` and `supplementalGroups`. */
  groups: readonly number[];
}

/** A pod that names at least one claim. */
export interface PodFact extends OwnedFact {
  phase: string;
  node: string | null;
  /** It is being deleted. */
  terminating?: true | undefined;
  /** The scheduler keeps it waiting for a ReadWriteOncePod claim that another pod uses. */
  wantsOnly?: true | undefined;
  /** It has not started, but its volumes are mounted: it waits for something else. */
  hasVolumes?: true | undefined;
  /** Names of claims of its `persistentVolumeClaim` volumes. */
  claims: string[];
  /** Names of the claims that Kubernetes makes for its `ephemeral` volumes. */
  ephemeralClaims: string[];
  /** Absent where it says nothing of it. */
  runsAs?: RunsAs | undefined;
}

/** A controller of pods that is built into Kubernetes. */
export interface WorkloadFact extends OwnedFact {
  /** Names of claims in its pod template. */
  claims: string[];
  /** Names of the volumeClaimTemplates; a StatefulSet's only. */
  claimTemplates: string[];
  /** Of its pod template, where that names a claim. */
  runsAs?: RunsAs | undefined;
  /** `spec.selector.matchLabels`; kept for a StatefulSet, which puts them on the claims that it makes. */
  matchLabels: Record<string, string>;
  /** Its annotation `nkvm.io/restore`: what a restore has stopped, and must set back. */
  restoreNote?: string;
}

/** The way from a pod, or from a workload whose pod template names a claim, up to the last owner that the inventory reads. */
export interface ClaimUser {
  /** Never empty; the first is a pod or a workload. */
  chain: readonly OwnedFact[];
  /** The controller above the last one: of a kind that the inventory does not read, or one that is gone. */
  above: Controller | undefined;
}

export interface ClaimFact {
  namespace: string;
  name: string;
  uid: string;
  phase: 'Pending' | 'Bound' | 'Lost';
  capacityBytes: number | null;
  requestedBytes: number | null;
  accessModes: string[];
  volumeMode: 'Filesystem' | 'Block';
  storageClass: string | null;
  volumeName: string | null;
  labels: Record<string, string>;
  createdAt: string;
  terminating: boolean;
  /** When its deletion was asked for, ISO-8601. */
  deletingSince?: string | undefined;
  /** A restore has made it, and has not proven what it holds. */
  restoreMark?: RestoreMark | undefined;
  /** Its annotation `nkvm.io/destination`. */
  wantsDestinations?: string | undefined;
  /** Where the scheduler wants the volume of a claim that has none yet. */
  selectedNode?: string | undefined;
  /** Its annotations about schedules, retention and restores; see `policyNotesOf`. Absent where there is none. */
  policyNotes?: PolicyNotes | undefined;
  /** Its annotations about entries that backups leave out. Absent where there is none. */
  leaveOutNotes?: PolicyNotes | undefined;
  /** The object that it is to be filled from. */
  dataSource?: DataSource | undefined;
  controller: Controller | undefined;
}

/** Annotations by their names, e.g. `nkvm.io/schedule`. */
export type PolicyNotes = Readonly<Record<string, string>>;

/** `spec.dataSourceRef` of a claim. */
export interface DataSource {
  apiGroup: string;
  kind: string;
  name: string;
  /** Null: the claim's own. */
  namespace: string | null;
}

/** A PersistentVolume that is bound to certain nodes. */
export interface VolumeFact {
  name: string;
  nodeSelectorTerms: NodeSelectorTerm[];
}

export interface StorageClassFact {
  name: string;
  /** Claims that name no class get this one. */
  isDefault?: true | undefined;
  waitsForFirstConsumer: boolean;
  /** A volume of it stays when its claim is deleted. */
  retains?: true | undefined;
}

export interface NodeFact {
  name: string;
  labels: Record<string, string>;
  unschedulable: boolean;
  ready: boolean;
  /** It is being deleted. */
  terminating?: true | undefined;
  /** Absent where there is none. */
  taints?: TaintFact[] | undefined;
}

/** Keeps pods that do not tolerate it away from a node. */
export interface TaintFact {
  key: string;
  value?: string | undefined;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export interface NamespaceFact {
  name: string;
  uid: string;
  createdAt: string;
  /** It is being deleted: nothing can be made in it. */
  terminating?: true | undefined;
  /** Its annotation `nkvm.io/destination`. */
  wantsDestinations?: string | undefined;
  labels?: Readonly<Record<string, string>> | undefined;
  /** Its label `backup`, which its claims inherit. */
  backupLabel?: string | undefined;
  /** As on a claim. */
  policyNotes?: PolicyNotes | undefined;
}

/** The objects of one namespace: owners, pods and claims never refer to another. */
export interface NamespaceFacts {
  claims: Iterable<ClaimFact>;
  pods: Iterable<PodFact>;
  workloads: Iterable<WorkloadFact>;
}

/** Objects of the whole cluster. */
export interface ClusterFacts {
  volumes: Iterable<VolumeFact>;
  storageClasses: Iterable<StorageClassFact>;
  nodes: Iterable<NodeFact>;
}
