import type { FailureClass, Stage } from '../api/index.ts';

export type { FailureClass } from '../api/index.ts';

/**
 * An error that a user can act on. Anything else that is thrown is a bug in NKVM.
 *
 * `message` begins with the thing that is wrong and names objects and limits, never secrets; `hint` says what to do;
 * `reason` is stable, for programs.
 */
export class StageError extends Error {
  readonly stage: Stage;
  readonly reason: string;
  readonly hint: string;
  readonly class: FailureClass;

  constructor(
    stage: Stage,
    reason: string,
    message: string,
    hint: string,
    failureClass: FailureClass,
    options?: ErrorOptions
  ) {
    super(message, options);
    this.name = 'StageError';
    this.stage = stage;
    this.reason = reason;
    this.hint = hint;
    this.class = failureClass;
  }
}

/** @returns the text of whatever was thrown. */
export const textOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
