import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LinkHere } from '../../testing/chain/chainHere.ts';
import { pointsHere } from '../../testing/chain/chainHere.ts';
import { packLink } from '../../testing/chain/packChain.ts';
import { entriesIn } from '../../testing/chain/storedChain.ts';
import type { TreeChange } from '../../testing/chain/treeHistory.ts';
import { change, changeTree, treeHistories, treeLines } from '../../testing/chain/treeHistory.ts';
import type { UnpackWorld } from '../../testing/helper/unpackWorld.ts';
import { SAME, unpackWorld } from '../../testing/helper/unpackWorld.ts';
import { slowRuns } from '../../testing/seed.ts';
import type { LinkSize } from './unpack.ts';
import type { Unpacked } from './unpackOutcome.ts';

interface Link extends LinkSize {
  tar: Buffer;
}

/** Makes a chain of a tree's history. @returns its archives, and what the tree was at each. */
function chainOf(
  root: string,
  rounds: readonly (readonly TreeChange[])[],
  exclude?: readonly string[]
) {
  const tree = join(root, 'tree');
  const directory = join(root, 'archives');
  mkdirSync(tree);
  mkdirSync(directory);
  const links: Link[] = [];
  const points: string[][] = [];
  for (const changes of rounds) {
    for (const change of changes) changeTree(tree, change);
    const tar = readFileSync(packLink(tree, directory, links.length, exclude));
    links.push({ tar, rawBytes: tar.length, files: entriesIn(tar) });
    points.push(treeLines(tree));
  }
  return { links, points };
}

function unpackedLink({ archive }: LinkHere): Link {
  const tar = gunzipSync(archive);
  return { tar, rawBytes: tar.length, files: entriesIn(tar) };
}

const bodyOf = (links: readonly Link[]): Buffer =>
  Buffer.concat(links.map(({ tar }) => gzipSync(tar, { level: 1 })));

async function restored(
  world: UnpackWorld,
  links: readonly Link[],
  patterns?: readonly string[]
): Promise<Unpacked> {
  const newestFirst = [...links].reverse();
  const body = bodyOf(newestFirst);
  const sha256 = createHash('sha256').update(body).digest('hex');
  return await world.unpack(body, { expected: { sha256 }, links: newestFirst, patterns });
}

describe('a chain of archives', () => {
  let world: UnpackWorld;
  beforeEach(() => {
    world = unpackWorld();
  });
  afterEach(() => world.stop());

  const HISTORY = [
    [change('create', 0, 0), change('create', 0, 1), change('makeDirectory', 0, 2)],
    [change('write', 0, 3)],
    [],
  ];

  it('makes each point of any history again', async () => {
    await fc.assert(
      fc.asyncProperty(treeHistories({ rounds: 4 }), async rounds => {
        const own = unpackWorld();
        try {
          for (const { tree, links } of pointsHere(own.root, rounds)) {
            rmSync(own.volume, { recursive: true });
            mkdirSync(own.volume);
            const { comparison } = await restored(own, links.map(unpackedLink));
            expect(comparison).toMatchObject(SAME);
            expect(treeLines(own.volume)).toEqual(tree);
          }
        } finally {
          await own.stop();
        }
      }),
      slowRuns(3)
    );
  }, 900_000);

  it('writes each file once, in its newest version', async () => {
    const { links } = chainOf(world.root, HISTORY);
    const unpacked = await restored(world, links);
    expect(unpacked).toMatchObject({ entries: 4, tarExit: 0 });
    expect(readFileSync(join(world.volume, 'a'), 'utf8')).toContain('write');
  });

  it('deletes with mode mirror what the volume has since got', async () => {
    const { links, points } = chainOf(world.root, HISTORY);
    writeFileSync(join(world.volume, 'later'), 'x');
    writeFileSync(join(world.volume, 'b'), 'changed');
    const body = bodyOf([...links].reverse());
    await world.unpack(body, { mode: 'mirror', expected: {}, links: [...links].reverse() });
    expect(treeLines(world.volume)).toEqual(points[2]);
  });

  it('is not restored from an increment that nothing is known of', async () => {
    const { links } = chainOf(world.root, HISTORY);
    await expect(world.unpack(bodyOf(links.slice(1, 2)))).rejects.toMatchObject({
      reason: 'ChainBroken',
    });
    rmSync(world.volume, { recursive: true });
    mkdirSync(world.volume);
    expect((await world.unpack(bodyOf(links.slice(0, 1)))).comparison).toMatchObject(SAME);
  });

  it('knows which names were left out, also those that came later', async () => {
    const { links } = chainOf(
      world.root,
      [[], [change('create', 0, 11)], []],
      ['*.txt', 'lost+found']
    );
    await expect(restored(world, links)).rejects.toMatchObject({ reason: 'ChainBroken' });
    rmSync(world.volume, { recursive: true });
    mkdirSync(world.volume);
    expect((await restored(world, links, ['*.txt'])).comparison).toMatchObject(SAME);
  });

  it.each<[string, (links: Link[]) => Link[], string]>([
    ['without the first archive', links => links.slice(1), 'ChainBroken'],
    [
      'with an archive of another size',
      ([first, ...more]) => [{ ...first!, files: 3 }, ...more],
      'ArchiveNotAsSealed',
    ],
    [
      'with an archive that is cut',
      ([first, ...more]) => [{ ...first!, tar: first!.tar.subarray(0, -9_000) }, ...more],
      'ArchiveTruncated',
    ],
    [
      'with something behind it',
      ([first, ...more]) => [{ ...first!, tar: Buffer.concat([first!.tar, first!.tar]) }, ...more],
      'ArchiveNotAsSealed',
    ],
  ])('is refused %s', async (_, changed, reason) => {
    const { links } = chainOf(world.root, HISTORY);
    await expect(restored(world, changed(links))).rejects.toMatchObject({ reason });
  });
});
