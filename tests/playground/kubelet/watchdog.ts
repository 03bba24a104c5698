import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Waits for the end of its standard input, which ends with the playground, also when that is killed. */
const SCRIPT = `
trap '' HUP INT TERM
while read -r _; do :; done
for group in "$1"/*; do kill -KILL "-\${group##*/}"; done
rm -rf "$2"
`;

/**
 * Starts a shell that outlives this process for a moment, should it be killed: it ends the process groups whose ids are
 * the names of the files in `groups`, and removes `root`.
 * @returns how to end it in good order; it cleans up then, too.
 */
export function startWatchdog(groups: string, root: string): () => Promise<void> {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'playground-watchdog', groups, root], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  shell.unref();
  const ended = once(shell, 'exit');
  return async () => {
    shell.ref();
    shell.stdin.end();
    await ended;
  };
}
