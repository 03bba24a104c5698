import * as fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packLink } from '../../testing/chain/packChain.ts';
import { changeTree, treeHistories, treeLines } from '../../testing/chain/treeHistory.ts';
import { SEED } from '../../testing/seed.ts';

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
          archives.push(packLink(tree, directory, archives.length));
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
    { seed: SEED, numRuns: Number(process.env.NKVM_CHAIN_RUNS ?? 8) }
  );
}, 600_000);
