import { readdirSync, readFileSync } from 'node:fs';

/** Of the clock in `/proc/PID/stat`: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Programs of which a bench counts the seconds of CPU, by what their command lines begin with or contain. */
const PARTIES: Record<string, RegExp> = {
  'API server': /kube-apiserver/,
  kubelets: /\bkubelet --config/,
  containerd: /^containerd --config|containerd-shim/,
  'S3 server': /^\S*versitygw /,
};

/** Seconds of CPU by party. `sidecar` is the process of that id, and the children that it has waited for. */
export type Parties = Record<string, number>;

/** @returns the seconds of CPU that each party has used since its start (Linux). */
export function partiesNow(sidecar: number | undefined): Parties {
  const sums: Parties = { sidecar: sidecar === undefined ? 0 : secondsOf(sidecar, true) };
  for (const party of Object.keys(PARTIES)) sums[party] = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = commandLineOf(name);
    for (const [party, pattern] of Object.entries(PARTIES)) {
      if (pattern.test(line)) sums[party] = (sums[party] ?? 0) + secondsOf(Number(name), false);
    }
  }
  return sums;
}

/** @returns what each party has used between the two. */
export const partiesBetween = (before: Parties, after: Parties): Parties =>
  Object.fromEntries(
    Object.entries(after).map(([party, seconds]) => [party, seconds - (before[party] ?? 0)])
  );

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it has ended meanwhile
  }
}

function secondsOf(pid: number, withChildren: boolean): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15).map(Number);
    return (utime + stime + (withChildren ? cutime + cstime : 0)) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
