import { z } from 'zod';
import { DOCTOR_CHECKS, DOCTOR_OUTCOMES } from './names.ts';

export const DoctorOutcome = z.enum(DOCTOR_OUTCOMES);
export type DoctorOutcome = z.infer<typeof DoctorOutcome>;

/** One thing that a check has found. */
export const DoctorFinding = z.strictObject({
  outcome: DoctorOutcome,
  text: z.string().describe('what was found, in a sentence'),
  toDo: z.string().nullable().describe('what to do next; null: nothing'),
  paste: z.string().nullable().describe('a command, or YAML, that does it'),
});
export type DoctorFinding = z.infer<typeof DoctorFinding>;

/** One check, with the worst outcome of its findings. */
export const DoctorCheck = z.strictObject({
  check: z.enum(DOCTOR_CHECKS),
  outcome: DoctorOutcome,
  findings: z.array(DoctorFinding).min(1),
});
export type DoctorCheck = z.infer<typeof DoctorCheck>;

/** Faults of an installation, each with what to do. It has no credential in it. */
export const DoctorReport = z.strictObject({
  outcome: DoctorOutcome.describe('the worst of all checks'),
  at: z.iso.datetime(),
  version: z.string(),
  cluster: z.string(),
  namespace: z.string().describe('where NKVM runs'),
  checks: z.array(DoctorCheck),
});
export type DoctorReport = z.infer<typeof DoctorReport>;
