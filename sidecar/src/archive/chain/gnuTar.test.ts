import * as fc from 'fast-check';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { pointsHere, untarChain } from '../../testing/chain/chainHere.ts';
import { treeHistories, treeLines } from '../../testing/chain/treeHistory.ts';
import { slowRuns } from '../../testing/seed.ts';

it('restores every point of a chain with tar alone', async () => {
  await fc.assert(
    fc.asyncProperty(treeHistories({ rounds: 6 }), async rounds => {
      const directory = mkdtempSync(join(tmpdir(), 'nkvm-chain-'));
      try {
        for (const [point, { tree, links }] of pointsHere(directory, rounds).entries()) {
          const target = join(directory, `restored-${point}`);
          mkdirSync(target);
          untarChain(
            links.map(({ archive }) => archive),
            target
          );
          expect(treeLines(target)).toEqual(tree);
          await setImmediate(); // the runner has a time limit for the answers of a process
        }
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }),
    slowRuns(8)
  );
}, 600_000);
