import type { MetLimit, ReadsAs, Volume } from '../../../api/index.ts';
import { obstacleOf } from '../../backup/request/obstacle.ts';
import type { OpenNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Action, Subject } from '../../cluster/gateway/access.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { ClaimHistory, History } from '../../history/history.ts';
import type { Rights } from '../rights/rights.ts';
import { type Scope, scopeOf, toList } from '../rights/scope.ts';

/** The facts and rights of a caller about one volume. */
export interface VolumeRights {
  backups: boolean;
  pods: boolean;
  backUp: boolean;
  /** `pods` was not looked up. */
  isPodsUnknown?: boolean;
}

const NOT_VISIBLE: ClaimHistory = {
  lastBackup: null,
  lastSuccess: null,
  lastProvenRestore: null,
};

const HIDDEN = {
  podsVisible: false,
  node: null,
  pods: [],
  owner: { kind: 'Unknown' as const, reason: 'you may not list pods in this namespace' },
};

const NOT_LOOKED_UP = {
  ...HIDDEN,
  owner: {
    kind: 'Unknown' as const,
    reason: 'NKVM has not looked up whether you may list pods in this namespace: open the volume',
  },
};

export interface VolumeViewWorld {
  history: Pick<History, 'ofClaim'>;
  open: Pick<OpenNamespaces, 'known'>;
  /** See `RunWorld`. */
  readsAs?(claim: Claim): ReadsAs | null;
}

/** @returns a volume as a caller with these rights sees it. */
export async function volumeOf(
  claim: Claim,
  may: VolumeRights,
  { history, open, readsAs }: VolumeViewWorld
): Promise<Volume> {
  const { namespace, name, uid } = claim;
  const pods = claim.pods.map(({ name, phase, node }) => ({ name, phase, node }));
  const reads = readsAs?.(claim);
  const workload = { podsVisible: true, node: claim.node, pods, owner: claim.owner };
  return {
    namespace,
    name,
    uid,
    phase: claim.phase,
    capacityBytes: claim.capacityBytes,
    requestedBytes: claim.requestedBytes,
    accessModes: claim.accessModes,
    volumeMode: claim.volumeMode,
    storageClass: claim.storageClass,
    labels: claim.labels,
    createdAt: claim.createdAt,
    ...(may.pods ? workload : may.isPodsUnknown ? NOT_LOOKED_UP : HIDDEN),
    ...(reads && {
      readsAs: { user: may.pods ? reads.user : null, because: reads.because },
    }),
    obstacle: obstacleOf(claim, await open.known(namespace)),
    mayBackUp: may.backUp,
    backupsVisible: may.backups,
    ...(may.backups ? history.ofClaim(uid, namespace, name) : NOT_VISIBLE),
  };
}

/** The right to list pods, which shows who uses a volume. */
export const LIST_PODS = { verb: 'list', group: '', resource: 'pods' } as const;

/** The right to back up: in a namespace, or one volume by its name. */
export const toBackUp = (namespace?: string, name?: string): Action => ({
  verb: 'create',
  group: '',
  resource: 'persistentvolumeclaims',
  subresource: 'backup',
  ...(namespace && { namespace }),
  ...(name && { name }),
});

const toGet = (namespace: string, name: string, subresource?: 'backup'): Action => ({
  verb: 'get',
  group: '',
  resource: 'persistentvolumeclaims',
  ...(subresource && { subresource }),
  namespace,
  name,
});

/** @returns the rights on one volume. @throws Refusal (403) when the caller may not see it. */
export async function rightsOnVolume(
  caller: Subject,
  rights: Rights,
  namespace: string,
  name: string
): Promise<VolumeRights> {
  await rights.need(caller, toGet(namespace, name));
  const [backups, pods, backUp] = await Promise.all([
    rights.has(caller, toGet(namespace, name, 'backup')),
    rights.has(caller, { ...LIST_PODS, namespace }),
    rights.has(caller, toBackUp(namespace, name)),
  ]);
  return { backups, pods, backUp };
}

/** Where a caller may know what of the volumes of a list. */
export interface VolumeScopes {
  backups: Scope;
  pods: Scope;
  backUp: Scope;
}

export async function volumeScopes(
  caller: Subject,
  rights: Rights,
  namespaces: readonly string[],
  maxScan: number
): Promise<VolumeScopes> {
  const [backups, pods, backUp] = await Promise.all([
    scopeOf(caller, rights, toList('backup'), namespaces, maxScan),
    scopeOf(caller, rights, LIST_PODS, namespaces, maxScan),
    scopeOf(caller, rights, toBackUp(), namespaces, maxScan),
  ]);
  return { backups, pods, backUp };
}

/** A question each. */
const MOST_SINGLE = 200;

/**
 * Rights on single volumes, by `resourceNames`, are asked for where the namespace gives none; for no more than
 * `maxScan` volumes, and never for more than 200, so that a list never costs a question for each volume of a big cluster.
 */
export async function mayBackUpEach(
  caller: Subject,
  rights: Rights,
  claims: readonly Claim[],
  { backUp }: VolumeScopes,
  maxScan: number
): Promise<{ has(claim: Claim): boolean; limit: MetLimit | undefined }> {
  const all = claims.filter(({ namespace }) => !backUp.has(namespace));
  const unsure = all.slice(0, Math.min(maxScan, MOST_SINGLE));
  const answers = await Promise.all(
    unsure.map(({ namespace, name }) => rights.hasAmongMany(caller, toBackUp(namespace, name)))
  );
  const single = new Set(unsure.filter((_, at) => answers[at]));
  return {
    has: claim => backUp.has(claim.namespace) || single.has(claim),
    limit: all.length > unsure.length ? singleLimit(unsure.length) : undefined,
  };
}

const singleLimit = (asked: number): MetLimit => ({
  reason: 'NamespaceScan',
  message: `rights on single volumes were looked up for the first ${asked} only: of the others, mayBackUp is false although you may have the right by name`,
  hint: 'ask for one namespace with namespace=NAME, or for one volume',
});
