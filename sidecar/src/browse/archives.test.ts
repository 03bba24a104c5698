import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readIndex } from '../archive/index/storedIndex.ts';
import { manifestName } from '../archive/name.ts';
import { exampleManifest } from '../testing/archive/exampleManifest.ts';
import { packed, testArchive } from '../testing/archive/testArchive.ts';
import { putArchive, testArchives } from '../testing/archive/testOpenArchive.ts';
import { failing } from '../testing/destinations/failingDestination.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import { onePlace } from '../testing/destinations/onePlace.ts';
import { archivesAt } from './archives.ts';

const KEY = exampleManifest().archive;
const AT = { destination: 'memory', key: KEY };
const INDEX = `${KEY}.index.gz`;
const made = testArchive(KEY, 'mkdir a; echo x > a/file; ln a/file hard; ln -s a link', {
  memberRawBytes: 4_096,
});

describe('an archive that is opened', () => {
  it('has the index beside it', async () => {
    const { storage, open } = testArchives();
    putArchive(storage, KEY, made);
    const archive = await open(KEY);
    expect(archive).toMatchObject({
      origin: 'stored',
      canReadRanges: true,
    });
    expect(await open(KEY)).toBe(archive);
  });

  it('has one made and stored, where there is none, that is the same afterwards', async () => {
    const { storage, archives, open } = testArchives();
    putArchive(storage, KEY, { ...made, index: undefined });
    const rebuilt = await open(KEY);
    expect(rebuilt).toMatchObject({
      origin: 'rebuilt',
      canReadRanges: false,
    });
    archives.forget(KEY);
    const stored = await open(KEY);
    expect(stored.origin).toBe('stored');
    for (let node = 0; node < rebuilt.index.nodes; node++)
      expect(stored.index.entryOf(node)).toEqual(rebuilt.index.entryOf(node));
    expect(gunzipSync(storage.archives.get(INDEX)!).toString()).toContain('"./a/file"');
  });

  it('has one made for a restore, where the manifest does not vouch for the one beside it', async () => {
    const { storage, archives } = testArchives();
    const lines = made.lines
      .toString()
      .split('\n')
      .filter(line => !line.includes('"./link"'));
    putArchive(storage, KEY, packed(KEY, made.tar, Buffer.from(lines.join('\n'))));
    const ref = await archives.ref(AT);
    const all = (await archives.openVouched(ref)).index.entries;
    expect((await archives.open(ref)).index.entries).toBe(all - 1);

    const { sha256 } = await readIndex(Readable.from([made.index]), KEY, made.index.length);
    putArchive(storage, KEY, made);
    const manifest = exampleManifest();
    if (manifest.index) manifest.index.sha256 = sha256;
    manifest.seal.files = 1;
    const vouched = await archives.openVouched({ ...ref, bytes: made.archive.length, manifest });
    expect(vouched).toMatchObject({ origin: 'stored', canReadRanges: true });
  });

  it('leaves the destination alone where it must', async () => {
    const { storage, open } = testArchives(false);
    putArchive(storage, KEY, { ...made, index: undefined });
    await open(KEY);
    expect([...storage.archives.keys()]).toEqual([KEY]);
  });

  it('is not kept from being read by a destination that takes no index', async () => {
    const { storage } = testArchives();
    putArchive(storage, KEY, { ...made, index: undefined });
    const archives = archivesAt({
      places: onePlace(failing(memoryDestination(storage), 'publish')),
      log: { info: () => {}, warn: () => {} },
      mayStore: () => true,
    });
    expect(await archives.open(await archives.ref(AT))).toMatchObject({ origin: 'rebuilt' });
  });

  it.each<[string, () => Buffer]>([
    ['that is none', () => Buffer.from('nonsense')],
    ['that is cut', () => made.index.subarray(0, -20)],
    ['of another archive', () => testArchive('b.tar.gz', 'echo x > other').index],
    ['of an archive of another size', () => changedHeader({ bytes: 5 })],
  ])('does without an index %s, and never replaces it', async (_, index) => {
    const { storage, open, warnings } = testArchives();
    const stored = index();
    putArchive(storage, KEY, { ...made, index: stored });
    const archive = await open(KEY);
    expect(archive.origin).toBe('rebuilt');
    expect(archive.index.find('a/file')).toBeDefined();
    expect(storage.archives.get(INDEX)).toEqual(stored);
    expect(warnings[0]).toContain(`index ${INDEX} is not used`);
  });

  it('does without an index that lacks entries which its archive was sealed with', async () => {
    const { storage, open, warnings } = testArchives();
    const [header, ...lines] = gunzipSync(made.index).toString('latin1').split('\n');
    const fewer = lines.filter(line => !line.includes('a/file'));
    const index = gzipSync(Buffer.from([header, ...fewer].join('\n'), 'latin1'));
    putArchive(storage, KEY, { ...made, index });
    const manifest = exampleManifest({ bytes: made.archive.length, index: null });
    manifest.seal.files = 5;
    storage.archives.set(manifestName(KEY), Buffer.from(JSON.stringify(manifest)));
    const archive = await open(KEY);
    expect(archive.ref.manifest).toBeDefined();
    expect(warnings).toEqual([expect.stringMatching(/has 3 entries, and the archive 5$/)]);
    expect(archive).toMatchObject({ origin: 'rebuilt', index: { entries: 5 } });
  });

  it('does not use members that cannot be those of the archive', async () => {
    const { storage, open } = testArchives();
    putArchive(storage, KEY, { ...made, index: changedHeader({ members: [1, 2] }) });
    expect(await open(KEY)).toMatchObject({ origin: 'stored', canReadRanges: false });
  });

  it('has a manifest that is its own, or none', async () => {
    const { storage, archives } = testArchives();
    putArchive(storage, KEY, made);
    const manifest = async () => (await archives.ref(AT)).manifest;
    expect(await manifest()).toBeUndefined();
    storage.archives.set(manifestName(KEY), Buffer.from(JSON.stringify(exampleManifest())));
    expect(await manifest()).toMatchObject({ archive: KEY, pvc: 'orders-db' });
    storage.archives.set(manifestName(KEY), Buffer.from('{'));
    expect(await manifest()).toBeUndefined();
    await expect(archives.ref({ ...AT, key: 'gone.tar.gz' })).rejects.toMatchObject({
      reason: 'ArchiveMissing',
    });
  });

  it.each<[string, Buffer]>([
    ['is no gzip', Buffer.from('nonsense')],
    ['is cut', made.archive.subarray(0, -10)],
    [
      'is cut between two members',
      made.archive.subarray(0, gzipSync(made.tar.subarray(0, 4_096)).length),
    ],
    ['is no tar', gzipSync('nonsense'.repeat(100))],
  ])('is refused when it %s', async (_, archive) => {
    const { storage, open } = testArchives();
    putArchive(storage, KEY, { archive, index: undefined });
    await expect(open(KEY)).rejects.toMatchObject({ reason: 'ArchiveBroken' });
    expect([...storage.archives.keys()]).toEqual([KEY]);
  });

  it('is opened quickly only when that takes no reading of a big archive', async () => {
    const { storage, archives } = testArchives();
    putArchive(storage, KEY, { ...made, index: undefined });
    const ref = { ...(await archives.ref(AT)), bytes: 10 ** 9 };
    expect(await archives.openQuickly(ref)).toBeUndefined();
    putArchive(storage, KEY, { ...made, index: changedHeader({ bytes: 10 ** 9 }) });
    expect(await archives.openQuickly(ref)).toMatchObject({ origin: 'stored' });
  });
});

describe('an index made here', () => {
  it('is read back as any other', async () => {
    const { storage, open } = testArchives();
    putArchive(storage, KEY, { ...made, index: undefined });
    await open(KEY);
    const bytes = storage.archives.get(INDEX)!;
    const { header, index } = await readIndex(Readable.from([bytes]), KEY, bytes.length);
    expect(header).toMatchObject({
      archive: KEY,
      bytes: made.archive.length,
      rawBytes: made.tar.length,
    });
    expect(index.entries).toBe(5);
  });
});

function changedHeader(change: object): Buffer {
  const [header = '', ...lines] = gunzipSync(made.index).toString('latin1').split('\n');
  const changed = JSON.stringify({ ...JSON.parse(header), ...change });
  return gzipSync(Buffer.from([changed, ...lines].join('\n'), 'latin1'));
}
