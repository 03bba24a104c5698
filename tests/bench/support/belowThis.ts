import { readdirSync, readFileSync } from 'node:fs';

const EVERY_MS = 250;
/** See parties.ts. */
const TICKS_PER_SECOND = 100;

/** A look at the processes that this one has started, again and again (Linux). */
export interface BelowThis {
  /**
   * Ends it.
   * @returns the biggest sum of their sizes in MiB, the seconds of CPU of those that have ended meanwhile, and those that
   *   this process has spent on looking
   */
  stop(): { mebibytes: number; cpuSeconds: number; lookingSeconds: number };
}

/** @param counts says of a command line whether its process, and all that it has started, count */
export function watchBelowThis(counts: (commandLine: string) => boolean): BelowThis {
  const before = cpuOfEnded();
  let biggest = 0;
  let looking = 0;
  const timer = setInterval(() => {
    const began = process.cpuUsage();
    biggest = Math.max(biggest, sizeBelowThis(counts));
    const { user, system } = process.cpuUsage(began);
    looking += (user + system) / 1e6;
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return { mebibytes: biggest, cpuSeconds: cpuOfEnded() - before, lookingSeconds: looking };
    },
  };
}

function sizeBelowThis(counts: (commandLine: string) => boolean): number {
  const seen = new Map<number, { parent: number; line: string; mebibytes: number }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const numberOf = (field: string): number =>
        Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const mebibytes = numberOf('VmRSS') / 1024;
      seen.set(Number(name), { parent: numberOf('PPid'), line, mebibytes });
    } catch {
      // it has ended meanwhile
    }
  }
  const isBelow = (pid: number): boolean => {
    const { parent, line } = seen.get(pid) ?? {};
    if (parent === undefined || line === undefined) return false;
    return parent === process.pid ? counts(line) : isBelow(parent);
  };
  return [...seen].reduce((sum, [pid, { mebibytes }]) => sum + (isBelow(pid) ? mebibytes : 0), 0);
}

/** @returns the seconds of CPU of all processes below this one that have ended and were waited for. */
function cpuOfEnded(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}
