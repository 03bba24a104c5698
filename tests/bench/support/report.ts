import type { Reported } from './contest.ts';
import { biggestRssMiB } from './memory.ts';

/** Call it when all is loaded. @returns what prints how long it took since then, as the last line of the program */
export function reportFromHere(): () => void {
  const began = performance.now();
  const { user, system } = process.cpuUsage();
  return () => {
    const reported: Reported = {
      seconds: (performance.now() - began) / 1000,
      loadingCpuSeconds: (user + system) / 1e6,
      // not resourceUsage(): before it became this program, the process was a copy of its parent
      mebibytes: biggestRssMiB(process.pid),
    };
    console.log(JSON.stringify(reported));
  };
}
