import type { Backup, Copy, DestinationProblem } from '../../../api/index.ts';
import { PausedError } from '../../destinations/places/health.ts';
import type { StageError } from '../../errors.ts';

/** The result of a backup, from its copies. */
export type CopiesVerdict = Pick<
  Backup,
  'status' | 'stage' | 'reason' | 'message' | 'hint' | 'failureClass'
>;

/**
 * Decides what a backup is that has at least one copy:
 *
 * | copies | the backup |
 * | --- | --- |
 * | all that are required are present | success |
 * | a required one is awaited, has failed or is missing | failed: `Incomplete`, and the others stay |
 *
 * A copy that was there and was deleted by NKVM has been there: it counts as present.
 * @param done the sentence on the outcome of a success
 */
export function verdictOnCopies(copies: readonly Copy[], done: string): CopiesVerdict {
  const missing = copies.filter(copy => copy.isRequired && isLacking(copy));
  const [first] = missing;
  if (!first) {
    return {
      ...{ status: 'success', stage: 'cleanup', message: done },
      ...{ reason: null, hint: null, failureClass: null },
    };
  }
  const isTried = missing.every(({ state }) => state === 'awaited');
  return {
    status: 'failed',
    stage: first.problem?.stage ?? 'copy',
    reason: 'Incomplete',
    message: `incomplete: ${missing.map(sentenceOn).join('; ')}`,
    hint: isTried
      ? 'nothing to do: NKVM makes the copy as soon as the destination works; the present copies can be restored'
      : `${
          first.problem?.hint ?? 'see the state of the destination'
        }; then copy the backup there; the present copies can be restored`,
    failureClass: first.problem?.failureClass ?? 'unknown',
  };
}

/** @returns sentences on optional copies that are not there. */
export const warningsOnCopies = (copies: readonly Copy[]): string[] =>
  copies.filter(copy => !copy.isRequired && isLacking(copy)).map(sentenceOn);

/** Whether an archive that was asked for is not where it should be. */
export const isLacking = ({ state }: Pick<Copy, 'state'>): boolean => {
  switch (state) {
    case 'present':
    case 'deleted':
      return false;
    case 'awaited':
    case 'failed':
    case 'missing':
      return true;
  }
};

const sentenceOn = ({ destination, problem }: Copy): string =>
  `missing at ${destination}${problem ? `: ${problem.message}` : ''}`;

/** @returns an error as records have it. */
export const problemOf = ({
  stage,
  reason,
  message,
  hint,
  class: failureClass,
}: StageError): DestinationProblem => ({ stage, reason, message, hint, failureClass });

/**
 * @returns the record of a copy that could not be made. After a transient failure it is awaited: NKVM tries again.
 * @param retryAt when; null: at once
 */
export const copyWithout = (
  { name, isRequired, key }: { name: string; isRequired: boolean; key: string },
  error: StageError,
  retryAt: string | null = error instanceof PausedError ? error.retryAt.toISOString() : null
): Copy => ({
  destination: name,
  key,
  state: error.class === 'needs-action' ? 'failed' : 'awaited',
  isRequired,
  problem: problemOf(error),
  retryAt: error.class === 'needs-action' ? null : retryAt,
  bytes: 0,
  sha256: '',
  provenAt: null,
  proof: null,
  verifiedAt: null,
  encrypted: false,
  stored: null,
});
