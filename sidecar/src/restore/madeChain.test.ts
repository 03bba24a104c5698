import * as fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { PlanFiles } from '../../api/index.ts';
import type { HelperCluster } from '../helper/helper.ts';
import { createHelper } from '../helper/helper.ts';
import { walkVolume } from '../helper/unpack/walk.ts';
import { testArchives } from '../testing/archive/testOpenArchive.ts';
import { madeChain } from '../testing/chain/madeChain.ts';
import { treeHistories, treeLines } from '../testing/chain/treeHistory.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import { onePlace } from '../testing/destinations/onePlace.ts';
import { exampleHelperSettings } from '../testing/helper/exampleHelperSettings.ts';
import { processCluster } from '../testing/helper/processCluster.ts';
import { SAME, unpackWorld } from '../testing/helper/unpackWorld.ts';
import { slowRuns } from '../testing/seed.ts';
import { checkArchive } from './archiveCheck.ts';
import { fileComparison } from './plan/compareFiles.ts';
import { entriesOf } from './selectEntries.ts';
import { findSource } from './source.ts';
import { wholeBody } from './wholeBody.ts';

// Chains are made by several commands each, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { signal } = new AbortController();

/** A random history, backed up by the commands of helper pods, with a full archive now and then. */
async function makeHistory(root: string, history: Parameters<typeof change>[1], cuts: number[]) {
  const at = testArchives(false);
  const destination = memoryDestination(at.storage);
  const chain = madeChain(destination, root);
  await change(chain, history, cuts);
  const find = (key: string) =>
    findSource(
      `archive:${key}`,
      { history: { get: () => undefined }, places: onePlace(destination) },
      signal
    );
  return { at, chain, find };
}

async function change(
  chain: ReturnType<typeof madeChain>,
  history: Parameters<(typeof chain)['next']>[0][],
  cuts: number[]
): Promise<void> {
  for (const [round, changes] of history.entries()) await chain.next(changes, cuts[round] === 0);
}

const histories = fc.tuple(treeHistories({ rounds: 4 }), fc.array(fc.nat(3), { minLength: 4 }));

/** Paths of a tree, without the root. */
const pathsOf = (tree: readonly string[]): string[] =>
  tree
    .map(line => JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(line)![0]) as string)
    .filter(path => path !== '');

it('a helper restores every point of random histories, and single paths of it', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async ([history, cuts]) => {
      const root = mkdtempSync(join(tmpdir(), 'nkvm-made-'));
      try {
        const { at, chain, find } = await makeHistory(root, history, cuts);
        for (const { key, tree } of chain.links) {
          const source = await find(key);
          const world = unpackWorld();
          try {
            const { encoding, expected, links, open } = wholeBody(
              source,
              await checkArchive(source, { signal })
            );
            const whole = await world.unpack(await open(signal), { encoding, expected, links });
            expect(whole.comparison).toMatchObject(SAME);
            expect(treeLines(world.volume)).toEqual(tree);
            // All but the root, as single entries into the same volume.
            const tops = pathsOf(tree).filter(path => !path.includes('/'));
            if (tops.length === 0) continue;
            const asked = tops.map(path => path.replaceAll('\\', '\\\\'));
            const selected = await entriesOf(() => at.archives)(source, asked, signal);
            const again = await world.unpack(await selected.open(signal), {
              ...{ mode: 'overwrite', encoding: 'tar', isSelection: true },
              expected: { files: selected.entries },
            });
            expect(again.comparison).toMatchObject(SAME);
            expect(treeLines(world.volume).slice(1)).toEqual(tree.slice(1));
          } finally {
            await world.stop();
          }
        }
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    }),
    slowRuns(2)
  );
}, 600_000);

/** Compares a volume with all entries of an archive, as a plan does. */
async function planned(cluster: HelperCluster, index: Parameters<typeof fileComparison>[0]) {
  const helper = await createHelper(cluster, 'shop', {
    ...{ runId: '01a', attempt: 1, installation: 'i', claimName: 'orders-db' },
    ...{ access: 'read', settings: exampleHelperSettings, node: null, deadlineMs: 1000 },
  });
  try {
    const comparison = fileComparison(index, null);
    const { isComplete } = await walkVolume(helper, { limitMs: 60_000, signal }, entry =>
      comparison.take(entry)
    );
    return comparison.result(isComplete);
  } finally {
    await helper.close();
  }
}

it('a plan compares a volume with all that an increment restores', async () => {
  const counts = ({ added, replaced, unchanged, leftOver }: PlanFiles): number[] =>
    [added, replaced, unchanged, leftOver].map(({ count }) => count);
  const root = mkdtempSync(join(tmpdir(), 'nkvm-made-'));
  const cluster = processCluster(join(root, 'made'));
  try {
    const make = (what: 'create' | 'write' | 'makeDirectory' | 'delete', one: number) => ({
      ...{ what, one, other: one },
    });
    const { at, chain } = await makeHistory(
      root,
      [[make('create', 0), make('create', 1), make('makeDirectory', 2)], [make('create', 4)]],
      [0, 1]
    );
    const [full, increment] = chain.links;
    const entries = increment!.tree.length - 1;
    const opened = await at.open(increment!.key);
    const now = await planned(cluster, opened.index);
    expect(counts(now)).toEqual([0, 0, entries, 0]);
    const before = await planned(cluster, (await at.open(full!.key)).index);
    expect(counts(before).slice(2)).toEqual([entries - 1, 1]);
    await chain.next([make('delete', 0), make('write', 1)], true);
    const later = await planned(cluster, opened.index);
    expect(later.added.count + later.replaced.count).toBeGreaterThan(1);
    expect(
      counts(later)
        .slice(0, 3)
        .reduce((sum, count) => sum + count)
    ).toBe(entries);
    expect(now.isComplete).toBe(true);
  } finally {
    await cluster.stop();
    rmSync(root, { recursive: true, force: true });
  }
});
