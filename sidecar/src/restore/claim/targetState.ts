import type { RestoreMode } from '../../../api/index.ts';

/** The state of the target after a restore that did not succeed. */
export interface LeftFacts {
  namespace: string;
  name: string;
  mode: RestoreMode;
  /** It had begun to write. */
  hasWritten: boolean;
  /** It was to stop the workloads that use the claim. */
  isScaled: boolean;
  /** The state of a claim that the restore has created; `none`: it has created no claim. */
  made: 'none' | 'deleted' | 'terminating' | 'left';
  /** Why a claim that it has made could not be deleted. */
  why?: string | undefined;
  safetyBackupId: string | null;
}

/** Its text in the record. */
export interface TargetState {
  /** For the end of the message. */
  message: string;
  /** The hint; undefined: the hint of the failure itself. */
  hint: string | undefined;
  /** Whether another attempt finds everything as the first one did. */
  isAsBefore: boolean;
}

/**
 * Decides what a failed or cancelled restore says of its target, so that nobody takes it for restored, or for untouched.
 *
 * | the target | it is as before |
 * | --- | --- |
 * | a new claim that was never made, or is deleted | yes |
 * | a new claim that is being deleted, or that could not be deleted and is marked | the next attempt deletes it first |
 * | an existing claim, before the first byte was written | yes |
 * | an existing claim, after that | no; workloads stay stopped, see `scale/partHolder.ts` |
 */
export function targetState(facts: LeftFacts): TargetState {
  const { namespace, name, mode, hasWritten, isScaled, made, why, safetyBackupId } = facts;
  const claim = `claim ${namespace}/${name}`;
  if (mode === 'new') {
    switch (made) {
      case 'none':
        return { message: '', hint: undefined, isAsBefore: true };
      case 'deleted':
        return { message: `the new ${claim} was deleted`, hint: undefined, isAsBefore: true };
      case 'terminating':
        return {
          message: `the new ${claim} is incomplete and being deleted, but a pod still uses it`,
          hint: `stop that pod; see it with kubectl describe pvc ${name} -n ${namespace}`,
          isAsBefore: true,
        };
      case 'left':
        return {
          message: `the new ${claim} is incomplete and could not be deleted${
            why ? `: ${why}` : ''
          }`,
          hint: `delete it with kubectl delete pvc ${name} -n ${namespace}; NKVM tries again, too`,
          isAsBefore: true,
        };
    }
  }
  if (!hasWritten) {
    return { message: `nothing was written to ${claim}`, hint: undefined, isAsBefore: true };
  }
  const deletes = mode === 'mirror' ? ', and files that the archive lacks may be deleted' : '';
  const undo =
    safetyBackupId === null
      ? 'there is no safety backup: restore again, or restore another backup'
      : `undo it, which restores safety backup ${safetyBackupId}, or restore again`;
  const stopped = isScaled ? '; its workloads stay stopped' : '';
  const starts = isScaled
    ? '; then its workloads are started again. To start them on the present data, use kubectl scale'
    : '';
  return {
    message: `${claim} holds a part of the archive${deletes}${stopped}`,
    hint: `${undo}${starts}`,
    isAsBefore: false,
  };
}
