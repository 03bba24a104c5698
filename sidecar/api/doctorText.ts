import type { DoctorReport } from './doctor.ts';

const MARKS = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ' } as const;

/** @returns a report as plain text, for a terminal or a bug report; without a line feed at its end */
export function doctorText({ version, cluster, namespace, at, checks }: DoctorReport): string {
  const lines = checks.flatMap(({ check, findings }) =>
    findings.flatMap(({ outcome, text, toDo, paste }) => [
      `${MARKS[outcome]}  ${check}: ${printable(text)}`,
      ...(toDo === null ? [] : [`         -> ${printable(toDo)}`]),
      ...(paste === null ? [] : paste.split('\n').map(line => `            ${printable(line)}`)),
    ])
  );
  return [`NKVM ${version}, cluster ${cluster}, namespace ${namespace}, ${at}`, ...lines].join(
    '\n'
  );
}

/** Texts have names and answers of others in them, which must not write to a terminal. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');
