import { readdirSync, readFileSync } from 'node:fs';

const EVERY_MS = 250;

/** See parties.ts. */
const TICKS_PER_SECOND = 100;

/** A look at pods, again and again. */
export interface PodWatch {
  /**
   * Ends it.
   * @returns the biggest sum of the sizes of all processes of one pod, in MiB, and the seconds of CPU that these pods have
   *   used, as far as was seen: the last quarter of a second is missing
   */
  stop(): { mebibytes: number; cpuSeconds: number };
}

/**
 * Watches the processes in pods of this machine (Linux). The size is without the files that the kernel keeps in memory: these
 * go when memory is needed.
 * @param isOurs says whether a command line is one of the pods that count
 */
export function watchPods(isOurs: (commandLine: string) => boolean): PodWatch {
  let biggest = 0;
  const used = new Map<string, number>();
  const known = new Set<string>();
  const timer = setInterval(() => {
    const byPod = new Map<string, number>();
    const cpu = new Map<string, number>();
    for (const { pod, line, mebibytes, cpuSeconds } of podProcesses()) {
      byPod.set(pod, (byPod.get(pod) ?? 0) + mebibytes);
      cpu.set(pod, (cpu.get(pod) ?? 0) + cpuSeconds);
      if (isOurs(line)) known.add(pod);
    }
    for (const pod of known) {
      biggest = Math.max(biggest, byPod.get(pod) ?? 0);
      used.set(pod, Math.max(used.get(pod) ?? 0, cpu.get(pod) ?? 0));
    }
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      const cpuSeconds = [...used.values()].reduce((sum, seconds) => sum + seconds, 0);
      return { mebibytes: biggest, cpuSeconds };
    },
  };
}

function* podProcesses() {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const pod = /pod([0-9a-f-]{36})/.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
      if (!pod) continue;
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // utime, stime, and those of children that have ended
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0);
      yield {
        ...{ pod, line, cpuSeconds: ticks / TICKS_PER_SECOND },
        mebibytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024,
      };
    } catch {
      // it has ended meanwhile
    }
  }
}
