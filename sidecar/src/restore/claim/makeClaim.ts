import type { ReadClaim } from '../../cluster/inventory/claims.ts';
import type { ClaimId, ClaimWrites } from '../../cluster/writes/claimWrites.ts';
import { MAKING_ANNOTATIONS } from '../../cluster/writes/claimWrites.ts';
import { INCOMPLETE, MADE_BY, restoreMarkOf, RESTORING } from '../../cluster/writes/restoreMark.ts';
import { StageError, textOf } from '../../errors.ts';
import { claimRefusal } from './claimRefusal.ts';
import type { ClaimWish } from './newClaim.ts';

/** The dependencies of creating and deleting claims. */
export interface ClaimMaking {
  claims: ClaimWrites;
  readClaim: ReadClaim;
  installation: string;
}

type Named = Pick<ClaimId, 'namespace' | 'name'>;

/** A pod that was just deleted lets go of its claim within seconds. */
const GONE_MS = 60_000;

/**
 * Makes the claim of a restore, marked until its contents are proven. One that an earlier attempt of the same run has left is
 * deleted first; any other claim of that name is not touched.
 * @throws StageError (stage `create`); see `claimRefusal`.
 */
export async function makeClaim(
  target: Named,
  wish: ClaimWish,
  runId: string,
  making: ClaimMaking,
  signal: AbortSignal
): Promise<ClaimId> {
  const before = await findMade(target, runId, making, signal);
  if (before) {
    const isGone = await making.claims.remove(before, { limitMs: GONE_MS, signal });
    if (!isGone) {
      throw new StageError(
        'create',
        'ClaimTerminating',
        `claim ${target.namespace}/${target.name}, which an earlier attempt has left, is still being deleted`,
        `see what uses it with kubectl describe pvc ${target.name} -n ${target.namespace}`,
        'transient'
      );
    }
  }
  if (wish.size === null) {
    throw new StageError(
      'create',
      'SizeUnknown',
      `the size of claim ${target.namespace}/${target.name} is not known`,
      'set the size of the new claim',
      'needs-action'
    );
  }
  const marks = { [RESTORING]: runId, [MADE_BY]: making.installation };
  try {
    return await making.claims.create(
      {
        namespace: target.namespace,
        name: target.name,
        labels: wish.labels,
        annotations: { ...wish.annotations, ...marks },
        accessModes: wish.accessModes,
        size: wish.size,
        storageClass: wish.storageClass,
      },
      signal
    );
  } catch (error) {
    signal.throwIfAborted();
    throw claimRefusal(target, error);
  }
}

/** @returns the claim of that name, when this run of this installation has made it and has not proven it. */
export async function findMade(
  target: Named,
  runId: string,
  { readClaim, installation }: Pick<ClaimMaking, 'readClaim' | 'installation'>,
  signal?: AbortSignal
): Promise<ClaimId | undefined> {
  const claim = await readClaim(target.namespace, target.name, signal);
  const mark = restoreMarkOf(claim?.annotations);
  if (!claim || mark?.runId !== runId || mark.installation !== installation) return undefined;
  return { namespace: target.namespace, name: target.name, uid: claim.uid };
}

/** Takes the mark away: the claim is what the archive is. @throws StageError when it cannot be. */
export async function markProven(
  claim: ClaimId,
  claims: ClaimWrites,
  signal: AbortSignal
): Promise<void> {
  const names = [RESTORING, INCOMPLETE, MADE_BY, ...MAKING_ANNOTATIONS];
  const removed = Object.fromEntries(names.map(name => [name, null]));
  if (await claims.annotate(claim, removed, signal)) return;
  throw new StageError(
    'publish',
    'ClaimNotFound',
    `claim ${claim.namespace}/${claim.name} was deleted while it was restored`,
    'start the restore again',
    'needs-action'
  );
}

/** The result of deleting a claim that must not stay. */
export interface Unmade {
  made: 'deleted' | 'terminating' | 'left';
  why?: string;
}

/** Deletes a claim that a restore has made, or else marks it as incomplete. Never throws. */
export async function unmakeClaim(
  claim: ClaimId,
  runId: string,
  claims: ClaimWrites,
  limitMs: number
): Promise<Unmade> {
  let why: string | undefined;
  try {
    if (await claims.remove(claim, { limitMs })) return { made: 'deleted' };
  } catch (error) {
    why = textOf(error);
  }
  try {
    const isThere = await claims.annotate(claim, { [INCOMPLETE]: runId });
    if (!isThere) return { made: 'deleted' };
  } catch (error) {
    why = `${why ?? 'it is still terminating'}; it could not be marked either: ${textOf(error)}`;
  }
  return why === undefined ? { made: 'terminating' } : { made: 'left', why };
}
