import { readdirSync, readFileSync } from 'node:fs';

/** Of the clock in `/proc/PID/stat`: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Process {
  parent: number;
  /** Of the process, and of its children that have ended. */
  ticks: number;
}

/**
 * @returns the seconds of CPU, in the program and in the kernel, of all processes that `pid` has started and of those that they
 * have started, ended ones included (Linux). On a busy machine they vary less than the time does.
 */
export function cpuSecondsBelow(pid: number): number {
  const all = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const seen = look(Number(name));
    if (seen) all.set(Number(name), seen);
  }
  const isBelow = (one: number): boolean => {
    const parent = all.get(one)?.parent;
    return parent !== undefined && (parent === pid || isBelow(parent));
  };
  let ticks = endedChildren(pid);
  for (const [one, seen] of all) if (isBelow(one)) ticks += seen.ticks;
  return ticks / TICKS_PER_SECOND;
}

/** @returns the seconds of CPU of one process (Linux). */
export const cpuSecondsOf = (pid: number): number => (look(pid)?.ticks ?? 0) / TICKS_PER_SECOND;

/** @returns the fields of `/proc/PID/stat` from the third on: the name before them may hold anything. */
function fieldsOf(pid: number): number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}

function look(pid: number): Process | undefined {
  try {
    const fields = fieldsOf(pid);
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
    return { parent: fields[1] ?? 0, ticks: utime + stime + cutime + cstime };
  } catch {
    return undefined; // it has ended meanwhile
  }
}

function endedChildren(pid: number): number {
  const [cutime = 0, cstime = 0] = fieldsOf(pid).slice(13, 15);
  return cutime + cstime;
}
