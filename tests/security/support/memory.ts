import { readFileSync } from 'node:fs';

/** @returns the memory of a process in MiB, as Linux says in `/proc`. */
export function residentMiB(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
}
