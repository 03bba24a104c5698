import { setTimeout as sleep } from 'node:timers/promises';
import {
  FILLED_FOR_ANNOTATION,
  RESTORED_FROM_ANNOTATION,
  STARTED_EMPTY_ANNOTATION,
} from '../../../api/index.ts';
import type { ClaimObject, ReadClaim } from '../../cluster/inventory/claims.ts';
import type { ClaimId, ClaimWrites } from '../../cluster/writes/claimWrites.ts';
import type { VolumeObject, VolumeWrites } from '../../cluster/writes/volumeWrites.ts';
import { StageError } from '../../errors.ts';
import type { Fence } from '../../fence.ts';
import { findFilling } from './filling.ts';

/** The calls of a hand-over, and where fillings are. */
export interface HandOverWorld {
  readClaim: ReadClaim;
  claims: ClaimWrites;
  volumes: VolumeWrites;
  fence: Fence;
  installation: string;
  /** Namespace of fillings. */
  fillings: string;
  /** Milliseconds between two looks, and how long Kubernetes may take to bind. */
  lookMs?: number;
  bindMs?: number;
}

/** The origin of a volume that is handed over. */
export type Contents = { restoredFrom: string } | { startedEmpty: 'none-found' | 'decided' };

/** On a PersistentVolume: UID of the claim that it was given to. It tells that NKVM has done it, and nobody else. */
const GIVEN_TO = 'nkvm.io/given-to';

const LOOK_MS = 250;
const BIND_MS = 120_000;

/** How far the claim is that waits for its volume. */
export type TargetLook =
  | { is: 'waiting'; claim: ClaimObject }
  /** Bound to the volume that NKVM has given to it. */
  | { is: 'done' }
  /** Bound to another volume, by somebody else. */
  | { is: 'bound-otherwise' }
  /** Deleted, or being deleted; another claim of its name does not count. */
  | { is: 'gone' };

/** @throws ApiFailure when the API server did not say. */
export async function lookAtTarget(
  target: ClaimId,
  { readClaim, volumes }: Pick<HandOverWorld, 'readClaim' | 'volumes'>,
  signal?: AbortSignal
): Promise<TargetLook> {
  const claim = await readClaim(target.namespace, target.name, signal);
  if (claim?.uid !== target.uid) return { is: 'gone' };
  if (claim.status.phase !== 'Bound') return { is: 'waiting', claim };
  const volume = await volumes.read(String(claim.spec.volumeName ?? ''), signal);
  return { is: isGiven(volume, target) ? 'done' : 'bound-otherwise' };
}

const isGiven = (volume: VolumeObject | undefined, { uid }: ClaimId): boolean =>
  volume?.claimUid === uid && volume.annotations[GIVEN_TO] === uid;

/**
 * Gives the volume of a filling to the claim that waits for it, and returns when that claim is bound to it. Each step may run
 * twice, so that it goes on wherever an earlier process has stopped:
 *
 * 1. the claim gets the annotation that says what its volume holds: it must be there before the claim is bound, because a bound
 *    claim without it has no verdict, and is neither backed up nor pruned
 * 2. the PersistentVolume names the claim instead of the filling
 * 3. Kubernetes binds the claim
 * 4. the filling is deleted. While it was the owner, that would have deleted the volume.
 *
 * @throws StageError (stage `publish`), ApiFailure
 */
export async function handOver(
  target: ClaimId,
  contents: Contents,
  world: HandOverWorld,
  signal: AbortSignal
): Promise<void> {
  const { fillings, fence, claims, volumes, lookMs = LOOK_MS, bindMs = BIND_MS } = world;
  const until = performance.now() + bindMs;
  for (;;) {
    const look = await lookAtTarget(target, world, signal);
    if (look.is === 'gone') throw targetGone(target);
    if (look.is === 'bound-otherwise') throw boundOtherwise(target);
    const filling = await findFilling(target, fillings, world, signal);
    if (look.is === 'done') {
      if (filling?.isOurs) await claims.remove(filling, { limitMs: 0, signal });
      return;
    }
    if (!filling?.isOurs || !filling.isReady) throw fillingGone(target);
    const volume = filling.volumeName ? await volumes.read(filling.volumeName, signal) : undefined;
    if (volume && volume.claimUid === filling.uid) {
      fence.assertHeld();
      if (!(await claims.annotate(target, notesOf(contents, target), signal)))
        throw targetGone(target);
      fence.assertHeld();
      await volumes.giveTo(target, volume, { [GIVEN_TO]: target.uid }, signal);
    } else if (volume && !isGiven(volume, target)) throw fillingGone(target);
    if (performance.now() >= until) throw notBound(target, filling.volumeName);
    await sleep(lookMs, undefined, { signal });
  }
}

/** A claim has one origin. */
const notesOf = (contents: Contents, { uid }: ClaimId): Record<string, string | null> => ({
  [RESTORED_FROM_ANNOTATION]: 'restoredFrom' in contents ? contents.restoredFrom : null,
  [STARTED_EMPTY_ANNOTATION]: 'restoredFrom' in contents ? null : contents.startedEmpty,
  [FILLED_FOR_ANNOTATION]: uid,
});

const publish = (
  reason: string,
  message: string,
  hint: string,
  failureClass: StageError['class']
): StageError => new StageError('publish', reason, message, hint, failureClass);

const named = ({ namespace, name }: ClaimId): string => `claim ${namespace}/${name}`;

const targetGone = (target: ClaimId): StageError =>
  publish(
    'ClaimNotFound',
    `${named(target)} was deleted while its volume was prepared`,
    'nothing to do: a new claim of that name is restored by itself',
    'needs-action'
  );

const boundOtherwise = (target: ClaimId): StageError =>
  publish(
    'ClaimBoundOtherwise',
    `${named(target)} was bound to another volume while it was restored`,
    'check which volume it has with kubectl describe pvc; delete the claim and create it again to restore it',
    'needs-action'
  );

const fillingGone = (target: ClaimId): StageError =>
  publish(
    'FillingGone',
    `the volume that was prepared for ${named(target)} is gone or was changed`,
    'nothing to do: NKVM prepares it again',
    'transient'
  );

const notBound = (target: ClaimId, volumeName: string | null): StageError =>
  publish(
    'ClaimNotBound',
    volumeName === null
      ? `the volume for ${named(target)} was not provisioned in time`
      : `${named(target)} was given volume ${volumeName}, and Kubernetes has not bound it yet`,
    'NKVM tries again; if it stays, check the claims of the namespace of restores and the controller of the StorageClass',
    'transient'
  );
