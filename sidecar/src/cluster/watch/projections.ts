import type {
  V1CronJob,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodSpec,
  V1PodTemplateSpec,
  V1StatefulSet,
  V1StorageClass,
} from '@kubernetes/client-node';
import { BACKUP_LABEL, DESTINATION_ANNOTATION, RESTORE_ANNOTATION } from '../../../api/index.ts';
import { bytesOf } from '../limits/quantity.ts';
import { leaveOutNotesOf, policyNotesOf } from '../writes/policyNotes.ts';
import { restoreMarkOf } from '../writes/restoreMark.ts';
import { SELECTED_NODE } from '../writes/selectedNode.ts';
import type {
  ClaimFact,
  Controller,
  DataSource,
  NamespaceFact,
  NodeFact,
  OwnedFact,
  PodFact,
  StorageClassFact,
  TaintFact,
  VolumeFact,
  WorkloadFact,
} from './facts.ts';

/** An object as it comes in JSON: the client's types have Date where the API server sends text. */
export type Raw<T> = T extends Date ? string : T extends object ? { [K in keyof T]: Raw<T[K]> } : T;

type Metadata = Raw<V1ObjectMeta> | undefined;

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/** Deployment, DaemonSet, ReplicaSet and Job have their pod template at the same place. */
interface WithTemplate {
  metadata?: Raw<V1ObjectMeta>;
  spec?: { template?: Raw<V1PodTemplateSpec> };
}

export function claimFact({ metadata, spec, status }: Raw<V1PersistentVolumeClaim>): ClaimFact {
  const phase = status?.phase === 'Bound' || status?.phase === 'Lost' ? status.phase : 'Pending';
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    phase,
    capacityBytes: bytesOf(status?.capacity?.storage),
    requestedBytes: bytesOf(spec?.resources?.requests?.storage),
    accessModes: spec?.accessModes ?? [],
    volumeMode: spec?.volumeMode === 'Block' ? 'Block' : 'Filesystem',
    storageClass: spec?.storageClassName || null,
    // A claim may name the volume that it would like to have long before it gets it.
    volumeName: phase === 'Pending' ? null : spec?.volumeName ?? null,
    labels: metadata?.labels ?? {},
    createdAt: metadata?.creationTimestamp ?? '',
    terminating: metadata?.deletionTimestamp !== undefined,
    deletingSince: metadata?.deletionTimestamp,
    restoreMark: restoreMarkOf(metadata?.annotations),
    wantsDestinations: metadata?.annotations?.[DESTINATION_ANNOTATION],
    selectedNode: phase === 'Pending' ? metadata?.annotations?.[SELECTED_NODE] : undefined,
    policyNotes: policyNotesOf(metadata?.annotations),
    leaveOutNotes: leaveOutNotesOf(metadata?.annotations),
    dataSource: dataSourceOf(spec),
    controller: controllerOf(metadata),
  };
}

function dataSourceOf(spec: Raw<V1PersistentVolumeClaim>['spec']): DataSource | undefined {
  const source = spec?.dataSourceRef;
  if (!source) return undefined;
  const { apiGroup = '', kind, name, namespace = null } = source;
  return { apiGroup, kind, name, namespace };
}

/** @returns undefined for a volume that every node can use. */
export function volumeFact({ metadata, spec }: Raw<V1PersistentVolume>): VolumeFact | undefined {
  const nodeSelectorTerms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  if (nodeSelectorTerms.length === 0) return undefined;
  return { name: metadata?.name ?? '', nodeSelectorTerms };
}

export function storageClassFact(storageClass: Raw<V1StorageClass>): StorageClassFact {
  return {
    name: storageClass.metadata?.name ?? '',
    isDefault:
      storageClass.metadata?.annotations?.[DEFAULT_CLASS] === 'true' ? (true as const) : undefined,
    waitsForFirstConsumer: storageClass.volumeBindingMode === 'WaitForFirstConsumer',
    retains: storageClass.reclaimPolicy === 'Retain' ? (true as const) : undefined,
  };
}

export function nodeFact({ metadata, spec, status }: Raw<V1Node>): NodeFact {
  return {
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    unschedulable: spec?.unschedulable ?? false,
    ready:
      status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
      false,
    terminating: metadata?.deletionTimestamp === undefined ? undefined : true,
    taints: spec?.taints?.map(({ key, value, effect }) => ({
      ...{ key, value },
      effect: effect as TaintFact['effect'],
    })),
  };
}

export function namespaceFact({ metadata }: Raw<V1Namespace>): NamespaceFact {
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    createdAt: metadata?.creationTimestamp ?? '',
    terminating: metadata?.deletionTimestamp === undefined ? undefined : true,
    wantsDestinations: metadata?.annotations?.[DESTINATION_ANNOTATION],
    labels: metadata?.labels,
    backupLabel: metadata?.labels?.[BACKUP_LABEL],
    policyNotes: policyNotesOf(metadata?.annotations),
  };
}

/** @returns undefined for a pod that names no claim. */
export function podFact({ metadata, spec, status }: Raw<V1Pod>): PodFact | undefined {
  const claims = claimNames(spec);
  const ephemeralClaims = (spec?.volumes ?? [])
    .filter(volume => volume.ephemeral)
    .map(volume => `${metadata?.name}-${volume.name}`);
  if (claims.length + ephemeralClaims.length === 0) return undefined;
  return {
    ...owned('v1', 'Pod', metadata),
    phase: status?.phase ?? 'Unknown',
    node: spec?.nodeName ?? null,
    terminating: metadata?.deletionTimestamp === undefined ? undefined : true,
    ...pendingPod(status),
    claims,
    ephemeralClaims,
    ...runsAsIn(spec),
  };
}

/**
 * Of several containers, the first that mounts a volume of a claim counts.
 * @param claimTemplates of a StatefulSet, whose names are those of volumes
 */
function runsAsIn(
  spec: Raw<V1PodSpec> | undefined,
  claimTemplates: readonly string[] = []
): Pick<PodFact, 'runsAs'> {
  const ofClaims = (spec?.volumes ?? []).filter(
    ({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim || ephemeral
  );
  const volumes = new Set([...claimTemplates, ...ofClaims.map(({ name }) => name)]);
  const container = spec?.containers?.find(({ volumeMounts }) =>
    volumeMounts?.some(({ name }) => volumes.has(name))
  )?.securityContext;
  const { fsGroup, supplementalGroups = [], ...ofPod } = spec?.securityContext ?? {};
  const user = container?.runAsUser ?? ofPod.runAsUser;
  const group = container?.runAsGroup ?? ofPod.runAsGroup;
  const groups = [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups];
  if (user === undefined && group === undefined && groups.length === 0) return {};
  return { runsAs: { user, group, groups } };
}

/** The reason why a pod has not started; nothing for any other pod. */
function pendingPod(status: Raw<V1Pod>['status']): Pick<PodFact, 'wantsOnly' | 'hasVolumes'> {
  if (status?.phase !== 'Pending') return {};
  const is = (type: string) => status.conditions?.find(condition => condition.type === type);
  const scheduled = is('PodScheduled');
  const isKept = scheduled?.status === 'False' && /ReadWriteOncePod/.test(scheduled.message ?? '');
  return {
    ...(isKept && { wantsOnly: true }),
    // Since Kubernetes 1.28. Volumes are mounted before the sandbox is made.
    ...(is('PodReadyToStartContainers')?.status === 'True' && { hasVolumes: true }),
  };
}

/** @returns the projection of a kind that has `spec.template`. */
export const workloadFact =
  (apiVersion: string, kind: string) =>
  ({ metadata, spec }: WithTemplate): WorkloadFact => {
    const claims = claimNames(spec?.template?.spec);
    return {
      ...owned(apiVersion, kind, metadata),
      claims,
      claimTemplates: [],
      ...(claims.length > 0 && runsAsIn(spec?.template?.spec)),
      matchLabels: {},
      ...restoreNoteOf(metadata),
    };
  };

export function statefulSetFact({ metadata, spec }: Raw<V1StatefulSet>): WorkloadFact {
  const claimTemplates = (spec?.volumeClaimTemplates ?? []).map(
    template => template.metadata?.name ?? ''
  );
  return {
    ...workloadFact('apps/v1', 'StatefulSet')({ metadata, spec }),
    claimTemplates,
    ...(claimTemplates.length > 0 && runsAsIn(spec?.template?.spec, claimTemplates)),
    matchLabels: spec?.selector.matchLabels ?? {},
  };
}

export function cronJobFact({ metadata, spec }: Raw<V1CronJob>): WorkloadFact {
  return workloadFact('batch/v1', 'CronJob')({ metadata, spec: spec?.jobTemplate.spec });
}

/** Absent on nearly every object, so that it costs nothing there. */
const restoreNoteOf = (metadata: Metadata): Pick<WorkloadFact, 'restoreNote'> => {
  const restoreNote = metadata?.annotations?.[RESTORE_ANNOTATION];
  return restoreNote === undefined ? {} : { restoreNote };
};

function owned(apiVersion: string, kind: string, metadata: Metadata): OwnedFact {
  return {
    apiVersion,
    kind,
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    controller: controllerOf(metadata),
  };
}

function controllerOf(metadata: Metadata): Controller | undefined {
  const reference = metadata?.ownerReferences?.find(({ controller }) => controller);
  if (!reference) return undefined;
  const { apiVersion, kind, name, uid } = reference;
  return { apiVersion, kind, name, uid };
}

/** A pod may mount one claim under several volume names. */
function claimNames(spec: Raw<V1PodSpec> | undefined): string[] {
  const names = (spec?.volumes ?? []).flatMap(
    volume => volume.persistentVolumeClaim?.claimName ?? []
  );
  return [...new Set(names)];
}
