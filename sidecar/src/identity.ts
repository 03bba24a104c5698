import { createHash } from 'node:crypto';

/** The identity of this installation: names alone are not unique. */
export interface Identity {
  /** UID of the namespace `kube-system`, which lives as long as its cluster. */
  readonly clusterUid: string;
  /** Stands in temporaries, manifests and labels of helpers. */
  readonly installation: string;
  /** @returns undefined when the namespace does not exist, or is not known yet. */
  namespaceUidOf(namespace: string): string | undefined;
}

/**
 * @param place where NKVM runs: its namespace, or the machine beside the cluster
 * @returns a label's value. It follows from where NKVM runs and keeps its history, so that it is the same after the history
 * was lost.
 */
export const installationId = (clusterUid: string, place: string, metadataDbPath: string): string =>
  createHash('sha256')
    .update([clusterUid, place, metadataDbPath].join('\n'))
    .digest('hex')
    .slice(0, 16);

/** The origin of an archive in its manifest; null in format version 1. */
export interface Origin {
  clusterUid: string | null;
  installation: string | null;
  namespace: string;
  pvc: string;
  pvcUid: string;
}

export interface OriginFacts {
  identity: Pick<Identity, 'clusterUid' | 'installation'>;
  /** UID of the claim of that name that exists now. */
  liveClaimUid: string | undefined;
  /** Whether the run of the archive is in our history, for the same claim. */
  isKnown: boolean;
}

/**
 * Decides whether an archive at a shared destination is one of this installation.
 *
 * | the manifest names | it is ours when |
 * | --- | --- |
 * | cluster and installation | both are ours |
 * | neither (format version 1) | its run is in our history, or its claim exists now, with the same UID |
 */
export function isOurs(origin: Origin, { identity, liveClaimUid, isKnown }: OriginFacts): boolean {
  if (origin.clusterUid === null || origin.installation === null)
    return isKnown || liveClaimUid === origin.pvcUid;
  return origin.clusterUid === identity.clusterUid && origin.installation === identity.installation;
}
