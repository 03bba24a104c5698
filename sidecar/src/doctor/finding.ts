import type { DoctorFinding, DoctorOutcome } from '../../api/index.ts';
import { DOCTOR_OUTCOMES } from '../../api/index.ts';
import { StageError, textOf } from '../errors.ts';

export const fine = (text: string): DoctorFinding => ({
  outcome: 'ok',
  ...{ text, toDo: null, paste: null },
});

export const warns = (text: string, toDo: string, paste: string | null = null): DoctorFinding => ({
  outcome: 'warning',
  ...{ text, toDo, paste },
});

export const fails = (text: string, toDo: string, paste: string | null = null): DoctorFinding => ({
  outcome: 'failed',
  ...{ text, toDo, paste },
});

/** @param toDo where the error does not say it. */
export const failsBy = (what: string, error: unknown, toDo: string): DoctorFinding =>
  fails(`${what}: ${textOf(error)}`, error instanceof StageError ? error.hint : toDo);

/** @returns the worst of them; `ok` where there is none */
export const worstOf = (found: readonly { outcome: DoctorOutcome }[]): DoctorOutcome =>
  DOCTOR_OUTCOMES[Math.max(0, ...found.map(({ outcome }) => DOCTOR_OUTCOMES.indexOf(outcome)))] ??
  'failed';
