import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isOnPath, say } from './run.ts';

/** Packages between two lines of progress: some 20 s on two cores. */
const EVERY = 100;

/**
 * Runs a command of Go that compiles, and says how far it is. Binaries need nothing of this checkout: no paths and no
 * commit in them, so that nothing is linked twice.
 * @param command `build` or `install`.
 * @throws Error when Go is missing or the command does not succeed; what Go says is on stderr then.
 */
export async function go(
  command: 'build' | 'install',
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv }
): Promise<void> {
  if (!isOnPath('go')) {
    throw new Error(
      'go is missing, and Kubernetes is built from source: install it from go.dev/dl'
    );
  }
  const flags = ['-v', '-trimpath', '-buildvcs=false'];
  const child = spawn('go', [command, ...flags, ...args], {
    stdio: ['ignore', process.stderr, 'pipe'],
    ...options,
  });
  let packages = 0;
  createInterface(child.stderr).on('line', line => {
    if (!/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) say(line);
    else if (++packages % EVERY === 0) say(`${packages} packages compiled`);
  });
  const code = await new Promise((resolve, reject) =>
    child.on('error', reject).on('close', (status, signal) => resolve(status ?? signal))
  );
  if (code !== 0) throw new Error(`go ${command} ended with ${code}: see above`);
}
