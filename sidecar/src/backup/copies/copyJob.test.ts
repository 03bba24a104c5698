import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Copy, Seal } from '../../../api/index.ts';
import { writeManifest } from '../../archive/manifest.ts';
import { archiveNameIn, indexName, manifestName } from '../../archive/name.ts';
import { lane } from '../../cluster/gateway/lane.ts';
import type { Destination } from '../../destinations/destination.ts';
import { PausedError } from '../../destinations/places/health.ts';
import { StageError } from '../../errors.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { exampleManifest } from '../../testing/archive/exampleManifest.ts';
import { storedBackup } from '../../testing/archive/storedBackup.ts';
import { failing } from '../../testing/destinations/failingDestination.ts';
import { fixedPlaces } from '../../testing/destinations/fixedPlaces.ts';
import type { MemoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { queuedRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import { provenArchiveAt } from '../provenArchive.ts';
import { copyWithout, verdictOnCopies } from './copiesVerdict.ts';
import { COPY_RETRY, copyJob } from './copyJob.ts';

const now = () => new Date('2026-11-26T20:00:00.000Z');
const away = new StageError('copy', 'HostUnreachable', 'it is away', 'wait', 'transient');
const wrongKey = new StageError('copy', 'LoginRefused', 'wrong key', 'fix it', 'needs-action');

let a: MemoryStorage;
let b: MemoryStorage;
let history: History;
let backup: RunRecord;
let key: string;
let archive: Buffer;

beforeEach(async () => {
  [a, b] = [memoryStorage(), memoryStorage()];
  const stored = await storedBackup({ id: '01backup' });
  ({ key, archive } = stored);
  const copies = [
    ...stored.run.copies.map(copy => ({ ...copy, destination: 'a' })),
    copyWithout({ name: 'b', isRequired: true, key }, away),
  ];
  backup = {
    ...stored.run,
    ...verdictOnCopies(copies, ''),
    ...{ copies, destinations: ['a', 'b'], warnings: ['missing at b: it is away'] },
  };
  const { bytes, sha256, provenAt } = stored.run.copies[0] as Copy;
  const manifest = exampleManifest({
    ...{ archive: key, runId: '01backup', bytes, sha256, provenAt },
    seal: stored.run.seal ?? exampleManifest().seal,
    destinations: ['a', 'b'].map(name => ({ name, isRequired: true })),
  });
  const at = memoryDestination(a);
  await (await at.stage(key, Readable.from([archive], { objectMode: false }))).publish();
  await at.put(manifestName(key), writeManifest({ ...manifest, index: null }));
  history = await openFor(newPath());
  await history.add([backup]);
});

const run = (attempt = 1, destination = 'b'): RunRecord => ({
  ...queuedRun({ kind: 'copy', destinations: [], attempt }),
  details: { kind: 'copy', backup: '01backup', destination, totalBytes: archive.length },
});

const copy = async ({
  from = { ...memoryDestination(a), id: 'a' },
  to = { ...memoryDestination(b), id: 'b', location: 'memory of b' } as Destination,
  more = [] as Destination[],
  destination = 'b',
  attempt = 1,
  signal = new AbortController().signal,
} = {}) =>
  await copyJob({
    ...{
      history,
      now,
      installation: 'i',
      retry: COPY_RETRY,
      unpacking: lane(1),
      runTimeoutMs: 60_000,
    },
    places: fixedPlaces([from, to, ...more]),
    proofPlans: (_, all) => all.map(() => ({ by: 'reading', level: 'checksum' })),
  }).work(run(attempt, destination), () => undefined, signal);

const copyAtB = () => history.get('01backup')?.copies.find(each => each.destination === 'b');

const withCopyAtB = (change: Partial<Copy>): Copy[] =>
  (history.get('01backup')?.copies ?? []).map(each =>
    each.destination === 'b' ? { ...each, ...change } : each
  );

it('makes the missing copy, proves it, and the backup becomes a success', async () => {
  expect(history.get('01backup')).toMatchObject({ status: 'failed', reason: 'Incomplete' });
  expect(await copy()).toMatchObject({ status: 'success', bytes: archive.length });
  expect([...b.archives.keys()]).toEqual([key, manifestName(key)]);
  expect(b.archives.get(key)).toEqual(archive);
  expect(history.get('01backup')).toMatchObject({
    ...{ status: 'success', reason: null, hint: null, failureClass: null, warnings: [] },
    copies: [
      { destination: 'a', state: 'present' },
      {
        ...{ destination: 'b', state: 'present', isRequired: true, problem: null, retryAt: null },
        ...{ bytes: archive.length, proof: { level: 'checksum' } },
      },
    ],
  });
});

it('takes over the copy that an attempt before has left there, and reads no other', async () => {
  await copy();
  await history.commit('01backup', {
    copies: backup.copies,
    status: 'failed',
    reason: 'Incomplete',
  });
  const from = failing({ ...memoryDestination(a), id: 'a' }, 'open');
  expect(await copy({ from })).toMatchObject({
    status: 'success',
    message: 'a proven copy was found at b',
  });
  expect(history.get('01backup')).toMatchObject({ status: 'success' });
});

it('takes the copy of another destination for no second one, where both are the same storage', async () => {
  const to = { ...memoryDestination(a), id: 'b', location: 'memory by another name' };
  expect(await copy({ to })).toMatchObject({ status: 'failed', reason: 'DestinationSame' });
  expect([...a.archives.keys()]).toEqual([key, manifestName(key)]);
  expect(copyAtB()).toMatchObject({ state: 'failed', problem: { reason: 'DestinationSame' } });
});

it('stores nothing at a storage that its destination has left meanwhile', async () => {
  const to = { ...memoryDestination(b), id: 'b', location: 'memory of b' };
  const { stage } = to;
  to.stage = async (...call) => {
    to.location = 'the former memory'; // the place still has the address of the beginning
    return await stage(...call);
  };
  expect(await copy({ to })).toMatchObject({
    ...{ status: 'failed', reason: 'DestinationReplaced', failureClass: 'transient' },
  });
  expect({ kept: b.archives.size, left: b.temporaries.size }).toEqual({ kept: 0, left: 0 });
  expect(copyAtB()).toMatchObject({ state: 'awaited' });
});

it('deletes nothing that may be the copy of a destination that does not answer', async () => {
  const to = { ...memoryDestination(a), id: 'b', location: 'memory by another name' };
  const c = { ...memoryDestination(memoryStorage()), id: 'c', location: 'memory of c' };
  const [first] = backup.copies;
  await history.commit('01backup', { copies: [...backup.copies, { ...first!, destination: 'c' }] });
  a.archives.delete(manifestName(key));
  const hangs = failing({ ...memoryDestination(a), id: 'a' }, 'stat', away);
  expect(await copy({ from: hangs, to, more: [c] })).toMatchObject({
    ...{ status: 'failed', reason: 'DestinationSame', failureClass: 'transient' },
    message: expect.stringContaining('may be the copy of a, which cannot be compared now'),
  });
  expect(await copy({ from: c, to })).toMatchObject({
    ...{ status: 'failed', reason: 'DestinationSame', failureClass: 'needs-action' },
    message: expect.stringContaining('may be the copy of a, which is not configured any more'),
  });
  expect([...a.archives.keys()]).toEqual([key]);
});

describe('a copy that fails', () => {
  it.each(['stage', 'readBack', 'publish', 'put'] as const)(
    'at %s leaves nothing, and the backup says why and when it is tried again',
    async step => {
      const to = failing({ ...memoryDestination(b), id: 'b', location: 'memory of b' }, step, away);
      expect(await copy({ to })).toMatchObject({ status: 'failed', reason: 'HostUnreachable' });
      expect([...b.archives.keys()]).toEqual([]);
      expect(b.temporaries.size).toBe(0);
      expect(copyAtB()).toMatchObject({
        state: 'awaited',
        isRequired: true,
        problem: { reason: 'HostUnreachable' },
        retryAt: '2026-11-26T20:00:10.000Z',
      });
      expect(history.get('01backup')).toMatchObject({ reason: 'Incomplete', status: 'failed' });
    }
  );

  it('because its destination is paused is tried again when the pause is over', async () => {
    const pause = new PausedError('b', new Date('2026-11-26T20:05:00.000Z'), away);
    const to = failing(
      { ...memoryDestination(b), id: 'b', location: 'memory of b' },
      'stage',
      pause
    );
    expect(await copy({ to })).toMatchObject({
      ...{ status: 'failed', reason: 'DestinationPaused', retryAfterMs: 300_000 },
    });
    expect(copyAtB()).toMatchObject({ state: 'awaited', retryAt: '2026-11-26T20:05:00.000Z' });
  });

  it('for a reason that needs a person, or for the last time, has failed', async () => {
    await copy({
      to: failing({ ...memoryDestination(b), id: 'b', location: 'memory of b' }, 'stage', wrongKey),
    });
    expect(copyAtB()).toMatchObject({ state: 'failed', retryAt: null });
    await copy({
      to: failing({ ...memoryDestination(b), id: 'b', location: 'memory of b' }, 'stage', away),
      attempt: COPY_RETRY.maxAttempts,
    });
    expect(copyAtB()).toMatchObject({ state: 'failed', problem: { reason: 'HostUnreachable' } });
  });

  it('because its source has changed is not published', async () => {
    a.archives.set(key, Buffer.concat([archive.subarray(0, -1), Buffer.from('x')]));
    expect(await copy()).toMatchObject({ status: 'failed', reason: 'ArchiveDiffers' });
    expect([...b.archives.keys()]).toEqual([]);
  });
});

it('finds its name taken at the end, and is tried again: the next attempt sees what is there', async () => {
  const to = { ...memoryDestination(b), id: 'b', location: 'memory of b' };
  let hasLooked = 0;
  const late: Destination = {
    ...to,
    async stat(name, call) {
      const found = await to.stat(name, call);
      if ((hasLooked += 1) === 2) b.archives.set(key, archive); // of a request whose answer was lost
      return found;
    },
  };
  expect(await copy({ to: late })).toMatchObject({
    ...{ status: 'failed', reason: 'NameTaken', failureClass: 'transient' },
  });
  expect(copyAtB()).toMatchObject({ state: 'awaited' });
  expect(await copy()).toMatchObject({ status: 'success' });
});

it('makes no second copy in the storage that has the first', async () => {
  expect(await copy({ to: { ...memoryDestination(a), id: 'b' } })).toMatchObject({
    ...{ status: 'failed', reason: 'DestinationSame', failureClass: 'needs-action' },
  });
  expect(copyAtB()).toMatchObject({ state: 'failed' });
  expect([...a.archives.keys()]).toEqual([key, manifestName(key)]);
});

it('keeps what two copies of one backup record at the same time', async () => {
  const c = memoryStorage();
  const toC = { ...memoryDestination(c), id: 'c', location: 'memory of c' };
  await history.commit('01backup', {
    copies: [...backup.copies, copyWithout({ name: 'c', isRequired: true, key }, away)],
  });
  await Promise.all([copy(), copy({ more: [toC], destination: 'c' })]);
  expect(history.get('01backup')).toMatchObject({
    status: 'success',
    copies: [{ state: 'present' }, { state: 'present' }, { state: 'present' }],
  });
});

describe('what is there already', () => {
  const unproven = Buffer.from('of a process that was killed');

  it('without a manifest was never proven, and makes way', async () => {
    b.archives.set(key, unproven);
    b.archives.set(indexName(key), unproven);
    expect(await copy()).toMatchObject({ status: 'success' });
    expect(b.archives.get(key)).toEqual(archive);
    expect(b.archives.has(manifestName(key))).toBe(true);
  });

  it('without a manifest is kept where it was proven once', async () => {
    const copies = backup.copies.map(each =>
      each.destination === 'b'
        ? { ...(backup.copies[0] as Copy), ...each, state: 'missing' as const }
        : each
    );
    await history.commit('01backup', { copies });
    b.archives.set(key, unproven);
    expect(await copy()).toMatchObject({ status: 'failed', reason: 'NameTaken' });
    expect(b.archives.get(key)).toEqual(unproven);
    expect(copyAtB()).toMatchObject({ state: 'missing', problem: { reason: 'NameTaken' } });
  });

  it('is a manifest alone, of an archive that the storage has lost: the copy is made anew', async () => {
    await copy();
    b.archives.delete(key);
    await history.commit('01backup', {
      copies: withCopyAtB({ state: 'missing' }),
    });
    expect(await copy()).toMatchObject({ status: 'success', bytes: archive.length });
    expect(b.archives.get(key)).toEqual(archive);
    expect(copyAtB()).toMatchObject({ state: 'present' });
  });
});

it('keeps what is known of a missing copy when it cannot be made again', async () => {
  await copy();
  const { sha256 } = copyAtB() as Copy;
  b.archives.clear();
  await history.commit('01backup', { copies: withCopyAtB({ state: 'missing' }) });
  await copy({
    to: failing({ ...memoryDestination(b), id: 'b', location: 'memory of b' }, 'stage', away),
  });
  expect(copyAtB()).toMatchObject({
    ...{ state: 'missing', sha256, bytes: archive.length },
    problem: { reason: 'HostUnreachable' },
  });
});

it('makes a gzip of an archive that is stored as a tar, and nothing else under that name', async () => {
  const tar = gunzipSync(archive);
  const tarKey = archiveNameIn(key, 'tar');
  const { rawBytes, rawSha256 = '' } = backup.seal as Seal;
  a.archives.delete(key);
  a.archives.set(tarKey, tar);
  const text = JSON.parse(a.archives.get(manifestName(key))?.toString() ?? '') as object;
  a.archives.delete(manifestName(key));
  const manifest = { ...text, archive: tarKey, bytes: rawBytes, sha256: rawSha256 };
  a.archives.set(manifestName(tarKey), Buffer.from(JSON.stringify(manifest)));
  await history.commit('01backup', {
    copies: backup.copies.map(each =>
      each.destination === 'a' ? { ...each, key: tarKey, bytes: rawBytes, sha256: rawSha256 } : each
    ),
  });
  expect(await copy()).toMatchObject({ status: 'success' });
  const stored = b.archives.get(key) as Buffer;
  expect(gunzipSync(stored)).toEqual(tar);
  expect(copyAtB()).toMatchObject({ state: 'present', key, bytes: stored.length });
  const there = { ...memoryDestination(b), id: 'b', location: 'memory of b' };
  expect((await provenArchiveAt(manifestName(key), there)).copy).toMatchObject({
    bytes: stored.length,
  });
});

it('leaves nothing of a source that has changed when it takes the next one', async () => {
  const c = memoryStorage();
  for (const [name, bytes] of a.archives) c.archives.set(name, bytes);
  a.archives.set(key, Buffer.concat([archive.subarray(0, -1), Buffer.from('x')]));
  const other = { ...(backup.copies[0] as Copy), destination: 'c' };
  await history.commit('01backup', { copies: [...backup.copies, other] });
  expect(
    await copy({ more: [{ ...memoryDestination(c), id: 'c', location: 'memory of c' }] })
  ).toMatchObject({
    status: 'success',
  });
  expect(b.archives.get(key)).toEqual(archive);
  expect(b.temporaries.size).toBe(0);
});
