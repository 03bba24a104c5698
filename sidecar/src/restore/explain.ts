import type { Stage } from '../../api/index.ts';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import { StageError, textOf } from '../errors.ts';
import type { Helper } from '../helper/helper.ts';

/** How the end of a helper pod looks from here: a killed command has an exit code, too. */
const BREAKS = [
  'SendBroke',
  'PushBroke',
  'DirectReadBroke',
  'PrepareFailed',
  'UnpackFailed',
  'ResultMissing',
  'ReceivedDiffers',
  'VolumeUnreadable',
  'ExecRefused',
];

/**
 * @param stage that the restore was at
 * @param helper that it had, if any
 * @returns the error in words that a person can act on: what became of the pod says more than a broken connection.
 */
export async function explain(error: unknown, stage: Stage, helper?: Helper): Promise<StageError> {
  const isBreak = !(error instanceof StageError) || BREAKS.includes(error.reason);
  const gone = isBreak ? await helper?.whyGone() : undefined;
  if (gone) {
    return new StageError(stage, gone.reason, gone.message, gone.hint, gone.class, {
      cause: error,
    });
  }
  if (error instanceof StageError) return error;
  if (error instanceof ApiFailure) {
    const isRefused = error.kind === 'refused';
    return new StageError(
      stage,
      isRefused ? 'ApiRefused' : 'ApiUnreachable',
      `the API server ${isRefused ? 'refused' : 'did not answer'} a call at stage ${stage}: ${
        error.message
      }`,
      isRefused
        ? 'check with kubectl auth can-i what the runner may do there'
        : 'nothing to do: NKVM tries again when the API server answers',
      error.class,
      { cause: error }
    );
  }
  return new StageError(
    stage,
    'Unexpected',
    `the restore failed at stage ${stage}: ${textOf(error)}`,
    'see the log of NKVM for this run, then start the restore again',
    'unknown',
    { cause: error }
  );
}
