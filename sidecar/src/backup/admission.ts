import type { VolumeRef } from '../../api/index.ts';
import type { Claim, Inventory } from '../cluster/inventory.ts';
import { StageError } from '../errors.ts';
import { obstacleOf } from './obstacle.ts';
import type { OpenNamespaces } from './openNamespaces.ts';

/** Decides which requests become runs. */
export interface Admission {
  /**
   * @returns the claims, in the order of the request.
   * @throws StageError (stage `queue`) when one of them cannot be backed up now: then none is.
   */
  admit(volumes: readonly VolumeRef[]): Promise<Claim[]>;
}

export function admissionOf(inventory: Inventory, open: Pick<OpenNamespaces, 'ask'>): Admission {
  /** @throws StageError that says what is in the way. */
  const claimOf = async ({ namespace, name }: VolumeRef): Promise<Claim> => {
    const claim = inventory.claim(namespace, name);
    if (!claim) throw notThere(inventory, namespace, name);
    const obstacle = obstacleOf(claim, await open.ask(namespace));
    if (obstacle) {
      throw new StageError(
        'queue',
        obstacle.reason,
        obstacle.message,
        obstacle.hint,
        'needs-action'
      );
    }
    return claim;
  };

  return {
    async admit(volumes) {
      if (!inventory.isReady()) throw notReady();
      const looks = await Promise.allSettled(volumes.map(claimOf));
      const refusals = looks.flatMap(look => (look.status === 'rejected' ? [look.reason] : []));
      if (refusals.length) throw together(refusals, volumes.length);
      return looks.flatMap(look => (look.status === 'fulfilled' ? [look.value] : []));
    },
  };
}

/** @returns the problem that the volumes are not known yet. */
export const notReady = (): StageError =>
  new StageError(
    'queue',
    'InventoryNotReady',
    'the volumes of the cluster are not known yet',
    'try again in a few seconds; /readyz says what is missing',
    'transient'
  );

/** @returns the problem that a claim, or its namespace, does not exist. */
export function notThere(inventory: Inventory, namespace: string, name: string): StageError {
  return inventory.namespaces().includes(namespace)
    ? new StageError(
        'queue',
        'ClaimNotFound',
        `namespace ${namespace} has no PersistentVolumeClaim ${name}`,
        `list them with: kubectl get pvc -n ${namespace}`,
        'needs-action'
      )
    : new StageError(
        'queue',
        'NamespaceNotFound',
        `there is no namespace ${namespace}`,
        'list them with: kubectl get namespaces',
        'needs-action'
      );
}

/** One refusal stands for itself; of several, each is told. */
function together(refusals: unknown[], asked: number): unknown {
  const first = refusals[0];
  if (refusals.length === 1 || !refusals.every(each => each instanceof StageError)) {
    return refusals.find(each => !(each instanceof StageError)) ?? first;
  }
  const { stage, reason, hint } = refusals[0] as StageError;
  const messages = refusals.map(each => (each as StageError).message).join('; ');
  return new StageError(
    stage,
    reason,
    `${refusals.length} of ${asked} volumes cannot be backed up: ${messages}`,
    hint,
    'needs-action'
  );
}
