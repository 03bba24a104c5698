import { StageError } from '../errors.ts';

/**
 * Thrown where the volume cannot be had now, and nothing is wrong: the attempt does not count, and the run is tried again
 * later, so that it holds up no other run meanwhile.
 */
export class DeferredError extends StageError {
  /** The pod that comes first, where there is one. */
  readonly pod: string | undefined;

  constructor(
    stage: StageError['stage'],
    reason: string,
    message: string,
    hint: string,
    pod?: string
  ) {
    super(stage, reason, message, hint, 'transient');
    this.name = 'DeferredError';
    this.pod = pod;
  }
}

/** @returns a DeferredError. */
export const notNow = (
  stage: StageError['stage'],
  reason: string,
  message: string,
  hint: string,
  pod?: string
): DeferredError => new DeferredError(stage, reason, message, hint, pod);
