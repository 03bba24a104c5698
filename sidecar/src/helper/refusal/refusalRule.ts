import type { FailureClass } from '../../errors.ts';

/** The meaning of a refusal, for people and for programs. */
export interface Refusal {
  reason: string;
  message: string;
  hint: string;
  class: FailureClass;
}

/** One rule: what the API server's sentence looks like, and what it means. */
export type Rule = [
  pattern: RegExp,
  meaning: (found: RegExpExecArray, namespace: string) => Refusal
];
