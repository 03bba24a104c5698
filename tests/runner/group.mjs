// Like install.mjs, this runs on whatever Node there is: nothing that is not built in, and no TypeScript.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/** Its standard input ends when its parent does, however that ends. A demo that still writes can make `rm` fail once. */
const GUARD = `
trap '' HUP INT TERM
read -r group
while read -r _; do :; done
kill -KILL "-$group"
[ -z "$1" ] || rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const PATIENCE_MS = 10_000;

/**
 * Runs a program as a process group of its own that ends with this process. Signals are handed on to the program; when
 * this process is killed, or npm that started it is, a shell beside it kills the group and removes `directory`.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, directory?: string, output?: number, input?: NodeJS.ReadStream,
 *   patienceMs?: number }} options `input`: what the program reads, which as a group of its own cannot read the terminal; nothing
 *   by default. `output`: a file descriptor that takes what the program prints; by default it is printed. `patienceMs`: how long
 *   the program may take to end after a signal
 * @returns {Promise<number>} its exit code; 128 and the signal's number when a signal ended it; 127 when it did not start.
 */
export async function runInGroup(
  command,
  args,
  { cwd, env, directory = '', output, input, patienceMs = PATIENCE_MS } = {}
) {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', directory], {
    cwd: '/',
    // It needs `rm`, whatever PATH is being tried out.
    env: { PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin` },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const guarded = once(guard, 'exit').catch(() => undefined);
  const stdio = [input ? 'pipe' : 'ignore', output ?? 'inherit', output ?? 'inherit'];
  const child = spawn(command, args, { cwd, env, detached: true, stdio });
  if (child.pid) guard.stdin.write(`${child.pid}\n`);
  if (input && child.stdin) {
    child.stdin.on('error', () => undefined); // the program ends, or does not read
    input.pipe(child.stdin);
  }

  const end = signal => {
    child.kill(signal);
    setTimeout(() => child.kill('SIGKILL'), patienceMs).unref();
  };
  for (const signal of SIGNALS) process.on(signal, end);
  const watch = whenNpmIsGone(() => {
    console.error(`${command} is stopped: npm, which started it, has ended.`);
    end('SIGTERM');
  });
  const code = await new Promise(resolve => {
    child.on('error', () => resolve(127));
    child.on('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
  });
  clearInterval(watch);
  input?.destroy();
  for (const signal of SIGNALS) process.off(signal, end);
  guard.stdin.end();
  await guarded;
  return code;
}

/** npm hands signals to its shell, and not every shell hands them on: what we see is only that one of them is gone. */
function whenNpmIsGone(act) {
  if (!process.env.npm_lifecycle_event) return undefined;
  const parent = process.ppid;
  const npm = aboveShell(parent);
  const watch = setInterval(() => {
    // `ps` may fail on a busy machine; only a parent that has another parent is proof.
    const above = npm && aboveShell(parent);
    if (process.ppid === parent && (above === undefined || above === npm)) return;
    clearInterval(watch);
    act();
  }, 1000);
  return watch.unref();
}

/** @returns the parent of a process that is `sh -c`; undefined when it is another program, or nobody can say. */
function aboveShell(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  return /^\s*(\d+) \S*sh -c /.exec(stdout ?? '')?.[1];
}
