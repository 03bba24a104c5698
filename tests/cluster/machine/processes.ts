import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { STATE } from './paths.ts';

const RECORDS = join(STATE, 'pid');

/**
 * A process id alone may belong to somebody else by now: after a reboot, or when the kernel gave it out again.
 * @returns boot, id and start time of a living process; undefined when there is none.
 */
export function identityOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The second field, the name, is in brackets and may hold spaces: count from behind it. State is 3, start is 22.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return fields[0] === 'Z' ? undefined : `${pid} ${fields[19]} ${boot}`;
  } catch {
    return undefined;
  }
}

/** Starts a program that outlives this one. Its output goes to `log/NAME.log` in the state directory. */
export function start(
  name: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env
): void {
  mkdirSync(RECORDS, { recursive: true });
  mkdirSync(join(STATE, 'log'), { recursive: true });
  const log = openSync(join(STATE, 'log', `${name}.log`), 'a');
  const child = spawn(command, args, {
    cwd: STATE,
    detached: true,
    stdio: ['ignore', log, log],
    env,
  });
  closeSync(log);
  child.unref();
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (!identity) throw new Error(`${name} did not start: see ${join(STATE, 'log', `${name}.log`)}`);
  writeFileSync(join(RECORDS, name), identity);
}

function recorded(): { name: string; pid: number; isAlive: boolean }[] {
  let names: string[];
  try {
    names = readdirSync(RECORDS).sort();
  } catch {
    return [];
  }
  return names.map(name => {
    const identity = readFileSync(join(RECORDS, name), 'utf8');
    const pid = Number.parseInt(identity, 10);
    return { name, pid, isAlive: identityOf(pid) === identity };
  });
}

/** @returns the names of those that were started and have ended, and how many were started in all. */
export function census(): { started: number; ended: string[] } {
  const all = recorded();
  return { started: all.length, ended: all.filter(one => !one.isAlive).map(one => one.name) };
}

/** @returns the id of a living process that `start` started. @throws Error when it has ended. */
export function pidOf(name: string): number {
  const found = recorded().find(one => one.name === name && one.isAlive);
  if (!found) throw new Error(`${name} does not run`);
  return found.pid;
}

/** Ends what `start` started and nothing else, at once. */
export function killStarted(): void {
  for (const { name, pid, isAlive } of recorded()) {
    if (isAlive) process.kill(pid, 'SIGKILL');
    rmSync(join(RECORDS, name));
  }
}
