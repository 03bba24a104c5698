import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Copy } from '../../api/index.ts';
import { readManifest } from '../archive/manifest.ts';
import { manifestName } from '../archive/name.ts';
import { archivesAt } from '../browse/archives.ts';
import type { Destination } from '../destinations/destination.ts';
import type { RunRecord } from '../history/history.ts';
import type { StoredChain } from '../testing/chain/storedChain.ts';
import { storedChain } from '../testing/chain/storedChain.ts';
import { change, treeLines } from '../testing/chain/treeHistory.ts';
import type { MemoryStorage } from '../testing/destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../testing/destinations/memoryDestination.ts';
import { onePlace } from '../testing/destinations/onePlace.ts';
import type { UnpackWorld } from '../testing/helper/unpackWorld.ts';
import { SAME, unpackWorld } from '../testing/helper/unpackWorld.ts';
import { checkArchive } from './archiveCheck.ts';
import { verifyCopy } from './check/verifyCopy.ts';
import { plannedSource } from './plan/plannedSource.ts';
import { bytesOf, findSource } from './source.ts';
import { compareSent, wholeBody } from './wholeBody.ts';

const HISTORY = [
  [change('create', 0, 0), change('create', 0, 1), change('makeDirectory', 0, 2)],
  [change('write', 0, 3), change('create', 1, 5)],
  [change('rename', 2, 3)],
];
const { signal } = new AbortController();

let world: UnpackWorld;
let storage: MemoryStorage;
let destination: Destination;
let chain: StoredChain;
beforeEach(async () => {
  world = unpackWorld();
  storage = memoryStorage();
  destination = memoryDestination(storage);
  chain = await storedChain(destination, world.root, HISTORY);
});
afterEach(() => world.stop());

const last = (): RunRecord => chain.runs.at(-1) as RunRecord;
const keyOf = (at: number): string => (chain.runs[at]?.copies[0] as Copy).key;
const find = (asked: string) =>
  findSource(
    asked,
    {
      history: { get: id => chain.runs.find(run => run.id === id) },
      places: onePlace(destination),
    },
    signal
  );

async function restore(asked: string) {
  const source = await find(asked);
  const checked = await checkArchive(source, { signal });
  const { encoding, expected, links, open } = wholeBody(source, checked);
  const unpacked = await world.unpack(await open(signal), { encoding, expected, links });
  compareSent(source, checked, unpacked.sent);
  return unpacked;
}

const changeByte = (key: string): void => {
  const bytes = Buffer.from(storage.archives.get(key) as Buffer);
  bytes[100]! ^= 1;
  storage.archives.set(key, bytes);
};

describe('a restore of an increment', () => {
  it.each([0, 1, 2])('makes the volume as it was at backup %i', async at => {
    const run = chain.runs[at] as RunRecord;
    expect((await restore(run.id)).comparison).toMatchObject(SAME);
    expect(treeLines(world.volume)).toEqual(chain.points[at]);
  });

  it('finds the chain by the manifest alone', async () => {
    expect((await restore(`archive:${keyOf(2)}`)).comparison).toMatchObject(SAME);
    expect(treeLines(world.volume)).toEqual(chain.points[2]);
  });

  it('counts the bytes of all archives, and does not know how much they unpack to', async () => {
    const source = await find(last().id);
    const all = [0, 1, 2].reduce(
      (sum, at) => sum + (storage.archives.get(keyOf(at))?.length ?? 0),
      0
    );
    expect(bytesOf(source)).toBe(all);
    expect((await checkArchive(source, { signal })).bytes).toBe(all);
    expect(plannedSource(source).shown).toMatchObject({ bytes: all, rawBytes: null, files: null });
  });

  it.each([0, 1])('does not begin without archive %i of the chain', async at => {
    storage.archives.delete(keyOf(at));
    await expect(restore(last().id)).rejects.toMatchObject({
      reason: 'ChainIncomplete',
      message: expect.stringContaining('is an increment and needs'),
    });
  });

  it.each([0, 1, 2])('does not begin when a byte of archive %i has changed', async at => {
    changeByte(keyOf(at));
    await expect(restore(last().id)).rejects.toMatchObject({ reason: 'ArchiveDiffers' });
  });

  it('does not take another archive of the same size for one of the chain', async () => {
    const name = manifestName(keyOf(0));
    const text = String(storage.archives.get(name)).replace(
      /"runId": ?"[^"]*"/,
      '"runId":"01other"'
    );
    storage.archives.set(name, Buffer.from(text));
    await expect(restore(last().id)).rejects.toThrow(/runId|another archive/);
  });

  it('does not take an archive of another chain', async () => {
    const name = manifestName(keyOf(1));
    const text = String(storage.archives.get(name)).replace(/"links":\[.*?\]/, '"links":[]');
    storage.archives.set(name, Buffer.from(text));
    await expect(restore(last().id)).rejects.toMatchObject({ reason: 'ChainIncomplete' });
  });

  it('restores archives that are stored in several forms', async () => {
    const [gz, name] = [keyOf(0), keyOf(0).replace(/\.gz$/, '')];
    const tar = gunzipSync(storage.archives.get(gz) as Buffer);
    const sha256 = createHash('sha256').update(tar).digest('hex');
    const manifest = readManifest(gz, String(storage.archives.get(manifestName(gz))));
    Object.assign(manifest, { archive: name, bytes: tar.length, sha256 });
    Object.assign(manifest.seal, { rawSha256: sha256 });
    storage.archives.delete(gz);
    storage.archives.set(name, tar);
    storage.archives.set(manifestName(name), Buffer.from(JSON.stringify(manifest)));
    expect((await restore(last().id)).comparison).toMatchObject(SAME);
    expect(treeLines(world.volume)).toEqual(chain.points[2]);
  });
});

describe('a verification of an increment', () => {
  const verify = (needed = last().chain) =>
    verifyCopy(last().copies[0] as Copy, null, destination, {
      archives: archivesAt({
        places: onePlace(destination),
        log: { info: () => {}, warn: () => {} },
        mayStore: () => false,
      }),
      ...{ chain: needed, signal, now: () => new Date(0), onProgress: () => {} },
    });

  it('reads all archives of its chain', async () => {
    expect((await verify()).fault).toBeUndefined();
  });

  it.each<[string, () => void, string]>([
    ['has changed', () => changeByte(keyOf(0)), 'ArchiveDiffers'],
    ['is not there', () => storage.archives.delete(keyOf(1)), 'ChainIncomplete'],
  ])('fails when one of them %s', async (_, happens, reason) => {
    happens();
    expect((await verify()).fault).toMatchObject({ reason });
  });

  /** Lets the last one name the full archive alone. @returns that chain */
  const withoutMiddle = () => {
    const name = manifestName(keyOf(2));
    const manifest = readManifest(name, String(storage.archives.get(name)));
    const chain = { links: manifest.chain!.links.slice(0, 1) };
    Object.assign(manifest, { chain });
    storage.archives.set(name, Buffer.from(JSON.stringify(manifest)));
    return chain;
  };

  it('fails when its archives are sound and do not belong together, and names no file', async () => {
    const { copy, fault } = await verify(withoutMiddle());
    expect(fault).toMatchObject({ reason: 'ChainBroken', class: 'needs-action' });
    expect(fault?.message).toMatch(/lack files that it counts on$/);
    expect(copy.verifiedAt).toBeNull();
  });

  it('says where it could not be compared whether they belong together', async () => {
    storage.archives.delete(manifestName(keyOf(2)));
    const { fault, warning } = await verify();
    expect(fault).toBeUndefined();
    expect(warning).toMatch(/was not compared: .* is an increment without a manifest/);
  });
});
