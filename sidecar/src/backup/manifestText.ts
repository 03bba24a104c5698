import type { Backup, Seal } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import type { Manifest } from '../archive/manifest.ts';
import {
  classOf,
  MANIFEST_VERSION,
  modesOf,
  readableBy,
  writeManifest,
} from '../archive/manifest.ts';
import { MEMBER_RAW_BYTES } from '../archive/memberBytes.ts';
import { archiveFormOf } from '../archive/name.ts';
import { restoreCommand } from '../archive/restoreCommand.ts';
import type { ClaimObject } from '../cluster/inventory/claims.ts';
import type { Claim } from '../cluster/inventory/inventory.ts';
import type { PodSeal } from '../helper/seal.ts';
import type { Route } from '../helper/transport.ts';
import type { Identity } from '../identity.ts';
import type { Published } from './proveAndPublish.ts';

/** Whose backup it is. */
export interface Origin {
  identity: Identity;
  clusterName: string;
  /** Version of NKVM. */
  version: string;
}

/** All that is known of an archive when it is about to be published. */
export interface ProvenBackup extends Published {
  key: string;
  /** The archive as it is read. */
  own: Digest;
  /** The destinations that the backup was asked for. */
  destinations: Manifest['destinations'];
  seal: Seal;
  sealed: PodSeal;
  chain: Manifest['chain'];
  route: Route;
  node: string;
  /** The claim that the pod had mounted. */
  object: ClaimObject;
}

/** @returns the text of the manifest. @throws StageError when it contradicts itself. */
export function manifestText(
  run: Backup,
  claim: Pick<Claim, 'capacityBytes' | 'owner'>,
  world: Origin,
  packed: ProvenBackup
): string {
  const { key, own, seal, sealed, index, warnings, node, object, proof, provenAt } = packed;
  const { destinations, stored, route, chain, snapshot } = packed;
  const { clusterUid, installation, namespaceUidOf } = world.identity;
  return writeManifest({
    formatVersion: MANIFEST_VERSION,
    readableBy: readableBy(chain),
    archive: key,
    runId: run.id,
    cluster: world.clusterName,
    clusterUid,
    installation,
    namespace: run.namespace,
    namespaceUid: run.namespaceUid ?? namespaceUidOf(run.namespace) ?? null,
    pvc: run.name,
    pvcUid: run.uid,
    claim: {
      labels: object.labels,
      annotations: object.annotations,
      spec: object.spec,
      status: object.status,
    },
    capacityBytes: claim.capacityBytes,
    usedBytes: sealed.usedBytes,
    storageClass: classOf(object.spec),
    accessModes: modesOf(object.spec),
    filesystem: sealed.filesystem,
    owner: claim.owner,
    node,
    createdAt: run.createdAt,
    requestedBy: run.requestedBy,
    priority: run.priority,
    ...own,
    stored,
    destinations,
    seal,
    members: { ...sealed.members, rawBytes: MEMBER_RAW_BYTES },
    index,
    chain,
    snapshot,
    provenAt,
    proof,
    warnings,
    // They name files, and the manifest of an encrypted archive is not encrypted.
    tarMessages: archiveFormOf(key) === 'tar.gz.age' ? [] : sealed.messages,
    ...route,
    nkvmVersion: world.version,
    restoreCommand: restoreCommand(key, { links: chain?.links.map(({ archive }) => archive) }),
  });
}
