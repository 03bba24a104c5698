import { canEncrypt } from './fields';
import { PASSPHRASE_KEY, RECIPIENTS_KEY } from './fields';
import type { Form, Problems } from './form';

export type Step = 'kind' | 'settings' | 'encryption' | 'save';

/** The steps of the wizard for a kind. */
export const stepsOf = (form: Form | undefined): Step[] =>
  form && !canEncrypt(form.kind)
    ? ['kind', 'settings', 'save']
    : ['kind', 'settings', 'encryption', 'save'];

/** Whether a step is done, so that the next one makes sense. */
export function isDone(
  step: Step,
  form: Form | undefined,
  problems: Problems,
  hasPendingKey: boolean
): boolean {
  const isOfEncryption = (key: string) => key === RECIPIENTS_KEY || key === PASSPHRASE_KEY;
  switch (step) {
    case 'kind':
      return form !== undefined;
    case 'settings':
      return form !== undefined && Object.keys(problems).every(isOfEncryption);
    case 'encryption':
      return !hasPendingKey && !Object.keys(problems).some(isOfEncryption);
    case 'save':
      return false;
  }
}
