import type { VolumeRef } from '../../../api/index.ts';
import { LOCAL_DESTINATION } from '../../../api/index.ts';
import type { Claim, Inventory } from '../../cluster/inventory/inventory.ts';
import type { Place } from '../../destinations/places.ts';
import { StageError } from '../../errors.ts';
import { leaveOutOf } from '../../helper/leaveOut.ts';
import { chooseDestinations } from './choice.ts';
import { obstacleOf } from './obstacle.ts';
import type { OpenNamespaces } from './openNamespaces.ts';

/** Decides which requests become runs. */
export interface Admission {
  /**
   * @returns the claims that can be backed up now and the refusals of the others, each in the order of the request.
   * @param destinations that the request names; undefined: none
   * @throws StageError (stage `queue`) when the volumes of the cluster are not known yet.
   */
  admit(volumes: readonly VolumeRef[], destinations?: readonly string[]): Promise<Admitted>;
}

/** A claim, and where its archive is to be stored. */
export type AdmittedClaim = Claim & { destinations: string[] };

export interface Admitted {
  claims: AdmittedClaim[];
  refused: { volume: VolumeRef; error: StageError }[];
}

/**
 * @param places the destinations that there are
 * @param ownPod that NKVM runs in; its claims hold the archives and the history
 * @param room says why the destination has too little space for another archive; undefined: it has enough.
 */
export function admissionOf(
  inventory: Pick<Inventory, 'claim' | 'isReady' | 'namespaces'> &
    Partial<Pick<Inventory, 'namespace'>>,
  open: Pick<OpenNamespaces, 'ask'>,
  places: () => readonly Pick<Place, 'name' | 'isDefault'>[],
  room: () => Promise<StageError | undefined> = async () => undefined,
  ownPod?: { namespace: string; name: string }
): Admission {
  /** @throws StageError that says what is in the way. */
  const claimOf = async (
    { namespace, name }: VolumeRef,
    asked: readonly string[] | undefined
  ): Promise<AdmittedClaim> => {
    const claim = inventory.claim(namespace, name);
    if (!claim) throw notThere(inventory, namespace, name);
    const isOwn = claim.pods.some(pod => pod.name === ownPod?.name);
    if (isOwn && namespace === ownPod?.namespace) throw ownStorage(namespace, name);
    const isOpen = await open.ask(namespace);
    const obstacle = obstacleOf(claim, isOpen);
    if (obstacle) {
      throw new StageError(
        'queue',
        obstacle.reason,
        obstacle.message,
        obstacle.hint,
        isOpen === 'unknown' ? 'transient' : 'needs-action'
      );
    }
    checkLeaveOut(claim);
    const destinations = chooseDestinations(
      {
        ...{ claim: `${namespace}/${name}`, asked, ofClaim: claim.wantsDestinations },
        ofNamespace: inventory.namespace?.(namespace)?.wantsDestinations,
      },
      places()
    );
    return { ...claim, destinations };
  };

  return {
    async admit(volumes, asked) {
      if (!inventory.isReady()) throw notReady();
      const nearlyFull = await room();
      const goesElsewhere = (names: readonly string[]) =>
        names.some(name => name !== LOCAL_DESTINATION);
      const mayGoElsewhere = goesElsewhere(asked ?? places().map(({ name }) => name));
      if (nearlyFull && !mayGoElsewhere) {
        return { claims: [], refused: volumes.map(volume => ({ volume, error: nearlyFull })) };
      }
      const looks = await Promise.allSettled(volumes.map(volume => claimOf(volume, asked)));
      const claims: AdmittedClaim[] = [];
      const refused: Admitted['refused'] = [];
      for (const [at, volume] of volumes.entries()) {
        const look = looks[at];
        if (look?.status === 'fulfilled') {
          if (nearlyFull && !goesElsewhere(look.value.destinations))
            refused.push({ volume, error: nearlyFull });
          else claims.push(look.value);
        } else if (look?.reason instanceof StageError) refused.push({ volume, error: look.reason });
        else throw look?.reason;
      }
      return { claims, refused };
    },
  };
}

/** The helper reads the annotations again: they can change until then. @throws StageError `ExcludeInvalid` */
function checkLeaveOut({ leaveOutNotes }: Claim): void {
  try {
    leaveOutOf(leaveOutNotes ?? {});
  } catch (error) {
    if (!(error instanceof StageError)) throw error;
    const { reason, message, hint } = error;
    throw new StageError('queue', reason, message, hint, error.class);
  }
}

const ownStorage = (namespace: string, name: string): StageError =>
  new StageError(
    'queue',
    'OwnStorage',
    `claim ${namespace}/${name} holds the archives or the history of NKVM itself`,
    'store backups at a second destination: each backup of this claim would hold all earlier ones',
    'needs-action'
  );

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
export function notThere(
  inventory: Pick<Inventory, 'namespaces'>,
  namespace: string,
  name: string
): StageError {
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
