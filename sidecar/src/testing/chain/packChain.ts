import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FLAGS = ['--format=posix', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];
const PREPARE = readFileSync(new URL('../../helper/pack/snapshot.cjs', import.meta.url), 'utf8');

/**
 * Makes the next archive of a chain with the tar of this machine.
 * @param level how many archives of the chain are in the directory
 * @param exclude patterns of what is left out
 * @returns its path: a tar that is not compressed
 */
export function packLink(
  tree: string,
  directory: string,
  level: number,
  exclude: readonly string[] = []
): string {
  const snapshot = join(directory, `${level}.snapshot`);
  if (level > 0) copyFileSync(join(directory, `${level - 1}.snapshot`), snapshot);
  const archive = join(directory, `${level}.tar`);
  execFileSync(
    'tar',
    [
      '--create',
      `--file=${archive}`,
      ...FLAGS,
      '--sparse',
      `--listed-incremental=${snapshot}`,
      '--no-check-device',
      `--directory=${tree}`,
      ...exclude.map(pattern => `--exclude=${pattern}`),
      '.',
    ],
    { stdio: ['ignore', 'ignore', 'ignore'] }
  );
  execFileSync('node', ['-e', PREPARE, snapshot, '0', tree, '99999999999']);
  awaitTick(snapshot);
  return archive;
}

/**
 * Waits until the clock that times of files are taken from has passed the time of a snapshot file. Backups put that time back
 * instead; then nothing in a test would be old enough to be left out.
 */
function awaitTick(snapshot: string): void {
  const [head, nanoseconds] = readFileSync(snapshot, 'latin1').split('\0') as [string, string];
  const time = BigInt(head.slice(head.indexOf('\n') + 1)) * 1_000_000_000n + BigInt(nanoseconds);
  const probe = `${snapshot}.probe`;
  do writeFileSync(probe, '');
  while (statSync(probe, { bigint: true }).ctimeNs <= time);
}
