import type { PlanCheck } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { Answer } from './planFacts.ts';

/** @returns a condition that is met, known later only, or a warning. */
export const check = (
  name: string,
  state: PlanCheck['state'],
  message: string,
  hint: string | null = null
): PlanCheck => ({ name, state, message, hint, reason: null });

export const failed = (name: string, { message, hint, reason }: StageError): PlanCheck => ({
  ...{ name, message, hint, reason },
  state: 'fails',
});

export const refusal = (reason: string, message: string, hint: string): StageError =>
  new StageError('queue', reason, message, hint, 'needs-action');

export function answerCheck<T>(
  name: string,
  answer: Answer<T>,
  says: (value: T) => string | PlanCheck
): PlanCheck {
  if ('fails' in answer) return failed(name, answer.fails);
  if ('later' in answer) return check(name, 'later', answer.later);
  const said = says(answer.is);
  return typeof said === 'string' ? check(name, 'passes', said) : said;
}
