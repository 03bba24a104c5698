import * as fc from 'fast-check';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { changeTree, treeHistories, treeLines } from '../../testing/treeHistory.ts';

const FLAGS = ['--format=posix', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];
const PREPARE = readFileSync(new URL('../../helper/pack/snapshot.cjs', import.meta.url), 'utf8');

/** Makes the next link of a chain; each has its own copy of tar's snapshot file. */
function pack(tree: string, directory: string, level: number): string {
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
    ].concat(['--no-check-device', `--directory=${tree}`, '.']),
    { stdio: ['ignore', 'ignore', 'ignore'] }
  );
  execFileSync('node', ['-e', PREPARE, snapshot, '0']);
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

it('restores every point of a chain with tar alone', () => {
  fc.assert(
    fc.property(treeHistories({ rounds: 6 }), rounds => {
      const directory = mkdtempSync(join(tmpdir(), 'nkvm-chain-'));
      try {
        const tree = join(directory, 'tree');
        mkdirSync(tree);
        const archives: string[] = [];
        const points: string[][] = [];
        for (const changes of rounds) {
          for (const change of changes) changeTree(tree, change);
          archives.push(pack(tree, directory, archives.length));
          points.push(treeLines(tree));
        }
        points.forEach((expected, point) => {
          const target = join(directory, `restored-${point}`);
          mkdirSync(target);
          for (const archive of archives.slice(0, point + 1)) {
            const { status, stderr } = spawnSync('tar', [
              ...['--extract', `--file=${archive}`, '--listed-incremental=/dev/null'],
              ...['--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner', '--same-owner'],
              ...['--same-permissions', `--directory=${target}`],
            ]);
            expect(`${status} ${stderr}`).toBe('0 ');
          }
          expect(treeLines(target)).toEqual(expected);
        });
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }),
    { numRuns: Number(process.env.NKVM_CHAIN_RUNS ?? 8) }
  );
}, 600_000);
