import type { Volume } from '../../../api/index.ts';
import type {
  ClaimFact,
  ClaimUser,
  NamespaceFact,
  NodeFact,
  NodeSelectorTerm,
  PodFact,
  RunsAs,
  StorageClassFact,
  WorkloadFact,
} from '../watch/facts.ts';

/** Facts of the API server about one claim. */
export type Claim = Omit<
  Volume,
  | 'podsVisible'
  | 'mayBackUp'
  | 'obstacle'
  | 'backupsVisible'
  | 'lastBackup'
  | 'lastSuccess'
  | 'lastProvenRestore'
  | 'pods'
> & {
  /** The pods that name the claim and have not ended, ordered by name. */
  pods: ClaimPod[];
  /** The PersistentVolume; null until bound. */
  volumeName: string | null;
  /** The claim's class binds only when a pod uses the claim. */
  waitsForFirstConsumer: boolean;
  /** The ids of the pods that use it, or would if they ran; absent: they say nothing. See `runsAsOf`. */
  runsAs?: RunsAs | undefined;
  /** `spec.nodeAffinity.required.nodeSelectorTerms` of the PersistentVolume; empty where every node will do. */
  nodeSelectorTerms: NodeSelectorTerm[];
} & Pick<
    ClaimFact,
    | 'terminating'
    | 'deletingSince'
    | 'restoreMark'
    | 'wantsDestinations'
    | 'selectedNode'
    | 'policyNotes'
    | 'leaveOutNotes'
    | 'dataSource'
  >;

/** A pod that names a claim and has not ended. */
export type ClaimPod = Volume['pods'][number] &
  Pick<PodFact, 'terminating' | 'wantsOnly' | 'hasVolumes'>;

/** The cluster's volumes, from watches: a look costs no request. */
export interface Inventory {
  /** Resolves when every watch has its first list. @throws Error that names the resources which are missing. */
  ready(timeoutMs: number): Promise<void>;
  /** True while every watch has a list. */
  isReady(): boolean;
  /** @returns the claims of one namespace or of all, ordered by namespace, then name. */
  claims(namespace?: string): Claim[];
  claim(namespace: string, name: string): Claim | undefined;
  namespaces(): string[];
  /** @returns the namespace that has this name now. */
  namespace(name: string): NamespaceFact | undefined;
  /** @returns for each namespace with claims a text that changes when anything about its claims may have changed. */
  versions(): Map<string, string>;
  /**
   * @param minAgeMs a watch that breaks is opened again within a second: such a problem is younger.
   * @returns one sentence for each resource that could not be read for so long; what is known of it may be old.
   */
  problems(minAgeMs?: number): string[];
  stop(): Promise<void>;
}

/** Facts that restores and the placement of pods also need. */
export interface ClusterInventory extends Inventory {
  /** @returns who uses a claim, or would if it ran; empty where there is no such claim. */
  usersOf(namespace: string, name: string): ClaimUser[];
  /** @returns the workloads with the annotation `nkvm.io/restore`. */
  noted(): WorkloadFact[];
  /** @returns the nodes, ordered by name. */
  nodes(): NodeFact[];
  /** @returns the pods that name the claim and have not ended, also where there is no such claim. */
  podsOf(namespace: string, claim: string): ClaimPod[];
  /** @returns every StorageClass of the cluster. */
  storageClasses(): StorageClassFact[];
}
