import * as fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { select } from '../archive/index/select.ts';
import type { TestArchives } from '../testing/archive/testOpenArchive.ts';
import { testArchives } from '../testing/archive/testOpenArchive.ts';
import type { MadeChain } from '../testing/chain/madeChain.ts';
import { madeChain } from '../testing/chain/madeChain.ts';
import { treeHistories, treeLines } from '../testing/chain/treeHistory.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import { slowRuns } from '../testing/seed.ts';
import type { OpenArchive } from './openArchive.ts';
import { fileOf, tarOfSelection } from './tarOfSelection.ts';

// Chains are made by several commands each, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let root: string;
let at: TestArchives;
let chain: MadeChain;

function begin(patterns: readonly string[] = []): void {
  root = mkdtempSync(join(tmpdir(), 'nkvm-open-chain-'));
  at = testArchives(false);
  chain = madeChain(memoryDestination(at.storage), root, patterns);
}
const end = () => rmSync(root, { recursive: true, force: true });

/** Unpacks some paths, as a restore does, with the tar of this machine. @returns the directory. */
async function untarred(archive: OpenArchive, paths: readonly string[]): Promise<string> {
  const target = mkdtempSync(join(root, 'target-'));
  const tar = tarOfSelection(archive, select(archive.index, paths), undefined, true);
  execFileSync(
    'tar',
    [
      ...['--extract', '--file=-', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'],
      ...['--same-owner', '--same-permissions', '--delay-directory-restore'],
      `--directory=${target}`,
    ],
    { input: await buffer(tar) }
  );
  return target;
}

/** Unpacks all of it, as a person does. @returns the directory. */
async function downloaded(archive: OpenArchive): Promise<string> {
  const target = mkdtempSync(join(root, 'download-'));
  const tar = tarOfSelection(archive, select(archive.index, [''], { for: 'download' }));
  execFileSync('tar', ['-xpf', '-', `--directory=${target}`], { input: await buffer(tar) });
  return target;
}

const volumeFile = (name: string): string => join(chain.volume, name);
const write = (name: string, text: string): void => writeFileSync(volumeFile(name), text);
const textOf = async (archive: OpenArchive, path: string): Promise<string> =>
  (await buffer(fileOf(archive, archive.index.nodeOf(path)))).toString();

it('shows and gives every point of random histories as the tree was then', async () => {
  const rounds = fc.tuple(treeHistories({ rounds: 6 }), fc.array(fc.nat(3), { minLength: 6 }));
  await fc.assert(
    fc.asyncProperty(rounds, async ([history, cuts]) => {
      begin();
      try {
        for (const [round, changes] of history.entries())
          await chain.next(changes, cuts[round] === 0);
        for (const { key, tree } of chain.links) {
          const archive = await at.open(key);
          const { index } = archive;
          expect(archive).toMatchObject({ origin: 'stored', canReadRanges: true });
          expect(treeLines(await untarred(archive, ['']))).toEqual(tree);
          expect(treeLines(await downloaded(archive))).toEqual(tree);
          const paths = Array.from({ length: index.nodes }, (_, node) => index.pathBytes(node));
          const shown = tree.map(line => /^"(?:[^"\\]|\\.)*"/.exec(line)![0]);
          expect(paths.map(path => JSON.stringify(path.toString())).sort()).toEqual(shown.sort());
          expect(index.entries).toBe(tree.length);
        }
      } finally {
        end();
      }
    }),
    slowRuns(5)
  );
}, 600_000);

describe('an increment that is opened', () => {
  beforeEach(async () => {
    begin();
    mkdirSync(volumeFile('orders'));
    write('orders/old', 'old');
    write('orders/changes', 'one');
    write('gone', 'gone');
    await chain.next([]);
    write('orders/changes', 'two');
    write('second', 'second');
    rmSync(volumeFile('gone'));
    await chain.next([]);
    write('orders/changes', 'three');
    write('new', 'new');
    await chain.next([]);
  });
  afterEach(end);

  it('takes each file from the archive that has it', async () => {
    const archives = await Promise.all(chain.links.map(({ key }) => at.open(key)));
    const texts = archives.map(each => textOf(each, 'orders/changes'));
    expect(await Promise.all(texts)).toEqual(['one', 'two', 'three']);
    const last = archives[2]!;
    expect(await textOf(last, 'orders/old')).toBe('old');
    expect(last.index.nodeOf('gone')).toBe(-1);
    expect(await last.listing.page({ node: 0, sort: 'name', order: 'asc' }, 0, 9)).toMatchObject({
      total: 3,
    });
    expect(last.parts.map(({ ref }) => ref.key)).toEqual(
      chain.links.map(({ key }) => key).reverse()
    );
  });

  it('gives a folder without the names that tar keeps for increments', async () => {
    const archive = await at.open(chain.links[2]!.key);
    const tar = await buffer(tarOfSelection(archive, select(archive.index, ['orders'])));
    expect(tar.includes('GNU.dumpdir')).toBe(false);
    const target = await untarred(archive, ['orders']);
    expect(readFileSync(join(target, 'orders/changes'), 'utf8')).toBe('three');
    expect(treeLines(target).length).toBe(4);
  });

  it('is the same where its indexes are made from the archives', async () => {
    const stored = await at.open(chain.links[2]!.key);
    const other = testArchives(true);
    for (const [key, bytes] of at.storage.archives)
      if (!key.endsWith('.index.gz')) other.storage.archives.set(key, bytes);
    const rebuilt = await other.open(chain.links[2]!.key);
    expect(rebuilt).toMatchObject({ origin: 'rebuilt', canReadRanges: false });
    const listed = ({ index }: OpenArchive) =>
      Array.from({ length: index.nodes }, (_, node) => JSON.stringify(index.entryOf(node))).sort();
    expect(listed(rebuilt)).toEqual(listed(stored));
    expect(await textOf(rebuilt, 'orders/old')).toBe('old');
    other.archives.stop();
    expect(other.storage.archives.size).toBe(at.storage.archives.size);
  });

  it('is opened quickly where all its indexes are stored, and it has few names', async () => {
    const ref = await at.archives.ref({ destination: 'memory', key: chain.links[2]!.key });
    expect((await at.archives.openQuickly(ref))?.index.nodeOf('orders/old')).toBeGreaterThan(0);
    const other = await at.archives.openVouched(ref);
    expect(await textOf(other, 'orders/changes')).toBe('three');
    at.archives.forget(ref.key);
    const seal = { ...ref.manifest!.seal, entriesInVolume: 1_000_001 };
    const big = { ...ref, manifest: { ...ref.manifest!, seal } };
    expect(await at.archives.openQuickly(big)).toBeUndefined();
  });

  it('is not opened without one of its archives', async () => {
    at.storage.archives.delete(chain.links[1]!.key);
    await expect(at.open(chain.links[2]!.key)).rejects.toMatchObject({ reason: 'ChainIncomplete' });
  });

  it('is not taken for all of the volume without its manifest', async () => {
    for (const { key } of chain.links) at.storage.archives.delete(`${key}.json`);
    await expect(at.open(chain.links[2]!.key)).rejects.toMatchObject({
      reason: 'IncrementNotOpened',
    });
    expect(await textOf(await at.open(chain.links[0]!.key), 'gone')).toBe('gone');
  });

  it('is not opened where its chain lacks an archive with files that it needs', async () => {
    const { manifest, key } = chain.links[2]!;
    const [full] = manifest.chain!.links;
    const wrong = { ...manifest, chain: { links: [full] } };
    at.storage.archives.set(`${key}.json`, Buffer.from(JSON.stringify(wrong)));
    await expect(at.open(key)).rejects.toMatchObject({
      reason: 'ChainBroken',
      message: expect.stringContaining('second'),
    });
  });
});

it('leaves out what backups leave out, and refuses a chain that lacks more', async () => {
  begin(['*.cache']);
  try {
    write('kept', 'kept');
    write('big.cache', 'cache');
    await chain.next([]);
    await chain.next([]);
    const { key, manifest } = chain.links[1]!;
    const archive = await at.open(key);
    expect(archive.index.nodeOf('kept')).toBeGreaterThan(0);
    expect(archive.index.nodeOf('big.cache')).toBe(-1);
    at.archives.forget(key);
    const seal = { ...manifest.seal, patterns: [] };
    at.storage.archives.set(`${key}.json`, Buffer.from(JSON.stringify({ ...manifest, seal })));
    await expect(at.open(key)).rejects.toMatchObject({
      reason: 'ChainBroken',
      message: expect.stringMatching(/lacks 1 entries .* big.cache/),
    });
  } finally {
    end();
  }
});
