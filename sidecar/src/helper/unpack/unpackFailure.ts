import type { FailureClass, Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';

/** A restore that failed in the pod. */
export class UnpackFailure extends StageError {
  /** Names of files and messages of tar: for people who may look into the archive, unlike `message`. */
  readonly details: readonly string[];
  /** Whether the volume may hold a part of the archive now. */
  readonly hasWritten: boolean;

  constructor(
    [stage, reason, message, hint, failureClass]: [Stage, string, string, string, FailureClass],
    { details = [], hasWritten = true }: { details?: readonly string[]; hasWritten?: boolean } = {},
    options?: ErrorOptions
  ) {
    super(stage, reason, message, hint, failureClass, options);
    this.name = 'UnpackFailure';
    this.details = details;
    this.hasWritten = hasWritten;
  }
}
