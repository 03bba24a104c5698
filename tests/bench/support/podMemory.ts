import { readdirSync, readFileSync } from 'node:fs';

const EVERY_MS = 250;

/** A look at the memory of pods, again and again. */
export interface PodMemory {
  /** Ends it. @returns the biggest sum of the sizes of all processes of one pod, in MiB. */
  stop(): number;
}

/**
 * Watches the processes in pods of this machine (Linux). What the kernel keeps of files is not counted: it goes when memory
 * is needed.
 * @param isOurs says whether a command line is one of the pods that count
 */
export function watchPodMemory(isOurs: (commandLine: string) => boolean): PodMemory {
  let biggest = 0;
  const timer = setInterval(() => {
    const byPod = new Map<string, number>();
    const ours = new Set<string>();
    for (const { pod, line, mebibytes } of podProcesses()) {
      byPod.set(pod, (byPod.get(pod) ?? 0) + mebibytes);
      if (isOurs(line)) ours.add(pod);
    }
    for (const pod of ours) biggest = Math.max(biggest, byPod.get(pod) ?? 0);
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return biggest;
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
      yield { pod, line, mebibytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024 };
    } catch {
      // it has ended meanwhile
    }
  }
}
