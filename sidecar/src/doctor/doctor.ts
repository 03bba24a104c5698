import type { DoctorCheck, DoctorFinding, DoctorReport } from '../../api/index.ts';
import { DOCTOR_CHECKS } from '../../api/index.ts';
import { within } from '../within.ts';
import { failsBy, warns, worstOf } from './finding.ts';

/** Names that the caller of a report may see. */
export interface Viewer {
  /** Namespaces other than that of NKVM. */
  seesNamespaces: boolean;
  /** Destinations, where they are, and what is wrong with them. */
  seesDestinations: boolean;
}

/**
 * One check. It reads, and changes nothing.
 * @returns what it has found; undefined when the part that it is about has not started yet
 */
export type Check = (viewer: Viewer, signal: AbortSignal) => Promise<DoctorFinding[] | undefined>;

export type Checks = Readonly<Record<(typeof DOCTOR_CHECKS)[number], Check>>;

export interface DoctorOptions {
  checks: Checks;
  about: Pick<DoctorReport, 'version' | 'cluster' | 'namespace'>;
  /** @returns what the process is waiting for, for checks of parts that have not started. */
  waitsFor(): string;
  now(): Date;
  /** For each check. */
  limitMs?: number;
}

/** @returns a report. Never rejects, and takes no longer than the limit of one check. */
export type Doctor = (viewer: Viewer) => Promise<DoctorReport>;

const LIMIT_MS = 10_000;

/** Checks run side by side, so that a slow one neither hides nor delays the others. */
export function doctorOf({
  checks,
  about,
  waitsFor,
  now,
  limitMs = LIMIT_MS,
}: DoctorOptions): Doctor {
  const findingsOf = async (check: Check, viewer: Viewer): Promise<DoctorFinding[]> => {
    const limit = AbortSignal.timeout(limitMs);
    try {
      const found = await within(limit, check(viewer, limit));
      return found ?? [notStarted(waitsFor())];
    } catch (error) {
      return limit.aborted
        ? [late(limitMs)]
        : [
            failsBy(
              'the check failed',
              error,
              'the log may say more: see docs/operations/doctor.md'
            ),
          ];
    }
  };
  return async viewer => {
    const done = await Promise.all(
      DOCTOR_CHECKS.map(async (name): Promise<DoctorCheck> => {
        const findings = await findingsOf(checks[name], viewer);
        return { check: name, outcome: worstOf(findings), findings };
      })
    );
    return { outcome: worstOf(done), at: now().toISOString(), ...about, checks: done };
  };
}

const notStarted = (why: string): DoctorFinding =>
  warns(`not checked: ${why}`, 'run the doctor again when NKVM has started');

const late = (limitMs: number): DoctorFinding => ({
  outcome: 'failed',
  text: `no answer within ${limitMs / 1000} s`,
  toDo: 'something that this check needs hangs; run the doctor again, and see the log if this stays',
  paste: null,
});
