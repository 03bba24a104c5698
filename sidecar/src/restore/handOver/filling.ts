import type { ReadClaim } from '../../cluster/inventory/claims.ts';
import type { ClaimId } from '../../cluster/writes/claimWrites.ts';
import { restoreMarkOf } from '../../cluster/writes/restoreMark.ts';
import { SELECTED_NODE } from '../../cluster/writes/selectedNode.ts';

/**
 * A *filling* is a claim of NKVM whose volume is filled, and then given to the claim that waits for it. It has a namespace of its
 * own, see deploy/k8s/zero-touch/namespace.yaml.
 */

/** @param namespace that NKVM runs in @returns the namespace of its fillings. */
export const fillingNamespace = (namespace: string): string => `${namespace}-restores`;

/** Label: UID of the claim that gets the volume. */
export const FILLING_FOR = 'nkvm.io/filling-for';
/** Label: the installation that has made it. Another one's fillings are never touched. */
export const FILLING_BY = 'nkvm.io/installation';
/** Annotation: id of the backup that it is filled from; absent: it stays empty. */
const FILLED_FROM = 'nkvm.io/filled-from';

/** @returns where the volume of a claim is filled: one place for each claim, so that two fillings of it cannot exist. */
export const fillingOf = (
  { uid }: Pick<ClaimId, 'uid'>,
  namespace: string
): Pick<ClaimId, 'namespace' | 'name'> => ({ namespace, name: `nkvm-filling-${uid}` });

export const fillingLabels = (
  { uid }: Pick<ClaimId, 'uid'>,
  installation: string
): Record<string, string> => ({
  'app.kubernetes.io/name': 'nkvm',
  'app.kubernetes.io/component': 'filling',
  [FILLING_FOR]: uid,
  [FILLING_BY]: installation,
});

/** @param backup null: the volume stays empty */
export const fillingAnnotations = ({
  backup,
  node,
}: {
  backup: string | null;
  node: string | null;
}): Record<string, string> => ({
  ...(backup !== null && { [FILLED_FROM]: backup }),
  // Kubernetes makes the volume at once on this node, without a pod.
  ...(node !== null && { [SELECTED_NODE]: node }),
});

/** A filling as it is now. */
export interface Filling extends ClaimId {
  /** False: another installation has made it, or it is for another claim. */
  isOurs: boolean;
  /** Its contents are what they should be: those of the backup and proven, or none. */
  isReady: boolean;
  /** Id of the backup; null: it is to be empty. */
  backup: string | null;
  /** Null until it is bound. */
  volumeName: string | null;
}

/** @returns undefined when there is none. @throws ApiFailure when the API server did not say. */
export async function findFilling(
  target: Pick<ClaimId, 'uid'>,
  namespace: string,
  { readClaim, installation }: { readClaim: ReadClaim; installation: string },
  signal?: AbortSignal
): Promise<Filling | undefined> {
  const place = fillingOf(target, namespace);
  const claim = await readClaim(place.namespace, place.name, signal);
  if (!claim) return undefined;
  const { labels, annotations, spec, uid } = claim;
  return {
    ...place,
    uid,
    isOurs: labels[FILLING_FOR] === target.uid && labels[FILLING_BY] === installation,
    isReady: restoreMarkOf(annotations) === undefined,
    backup: annotations[FILLED_FROM] ?? null,
    volumeName: typeof spec.volumeName === 'string' && spec.volumeName ? spec.volumeName : null,
  };
}
