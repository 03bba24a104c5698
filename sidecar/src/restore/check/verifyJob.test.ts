import { beforeEach, describe, expect, it } from 'vitest';
import type { Copy } from '../../../api/index.ts';
import { lane } from '../../cluster/gateway/lane.ts';
import type { Places } from '../../destinations/places.ts';
import type { History, RunChange, RunRecord } from '../../history/history.ts';
import { CANCELLED } from '../../jobs/job.ts';
import { storedBackup } from '../../testing/archive/storedBackup.ts';
import { testArchives } from '../../testing/archive/testOpenArchive.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { onePlace } from '../../testing/destinations/onePlace.ts';
import { exampleCheck } from '../../testing/history/exampleRestore.ts';
import { withDisk } from '../../testing/history/testDisk.ts';
import type { VerifyWorld } from './verifyJob.ts';
import { verifyJob } from './verifyJob.ts';

const at = '2026-11-26T10:00:00.000Z';
let history: History;
let storage = memoryStorage();
let backup: RunRecord;
let archive: Buffer;
let reported: RunChange[];

beforeEach(async () => {
  ({ history } = await withDisk());
  storage = memoryStorage();
  reported = [];
  const stored = await storedBackup({ id: 'b' });
  ({ archive } = stored);
  backup = stored.run;
  storage.archives.set(stored.key, archive);
  await history.add([backup]);
});

const check = exampleCheck('verify', { status: 'running' }, { backup: 'b' });
const verify = (
  differs: Partial<VerifyWorld> = {},
  signal = new AbortController().signal,
  run = check
) =>
  verifyJob({
    history,
    places: onePlace(memoryDestination(storage)),
    archives: testArchives().archives,
    unpacking: lane(1),
    runTimeoutMs: 60_000,
    now: () => new Date(at),
    ...differs,
  }).work(run, change => reported.push(change), signal);
const copies = () => history.get('b')?.copies;

it('reads the archive again, and says when on its copy', async () => {
  expect(await verify()).toMatchObject({
    status: 'success',
    stage: 'cleanup',
    bytes: archive.length,
    message: expect.stringContaining('2 entries'),
    endedAt: at,
  });
  expect(copies()).toEqual([{ ...backup.copies[0], verifiedAt: at }]);
  expect(reported.at(-2)?.bytes ?? reported.find(({ bytes }) => bytes)?.bytes).toBe(archive.length);
  expect(reported.map(({ stage }) => stage).filter(Boolean)).toEqual([
    'create',
    'checksum',
    'cleanup',
  ]);
});

it('fails when the archive is not there, and says so on its copy', async () => {
  storage.archives.clear();
  expect(await verify()).toMatchObject({
    status: 'failed',
    stage: 'checksum',
    reason: 'ArchiveMissing',
    failureClass: 'needs-action',
  });
  expect(copies()).toMatchObject([{ state: 'missing', verifiedAt: null }]);
  expect(history.get('b')).toMatchObject({ status: 'success', archive: null });
});

it('concludes nothing from a storage that the destination has left meanwhile', async () => {
  const former = {
    ...memoryDestination(storage),
    location: 'the former storage',
    stat: async () => undefined,
  };
  const places = onePlace(former);
  const get: Places['get'] = name => {
    const place = places.get(name);
    return place && { ...place, location: 'the present storage' };
  };
  expect(await verify({ places: { ...places, get } })).toMatchObject({
    ...{ status: 'failed', reason: 'DestinationReplaced', failureClass: 'transient' },
  });
  expect(copies()).toEqual(backup.copies);
});

it('fails when the archive is damaged, and deletes nothing', async () => {
  const [key = ''] = storage.archives.keys();
  storage.archives.set(key, archive.subarray(0, -9));
  expect(await verify()).toMatchObject({ status: 'failed', reason: 'ArchiveBroken' });
  expect(storage.archives.size).toBe(1);
  expect(copies()).toEqual(backup.copies);
});

describe('several copies', () => {
  const elsewhere = (): Copy => ({ ...(backup.copies[0] as Copy), destination: 'old' });

  it('at a destination that is not configured are named, and never called verified', async () => {
    await history.commit('b', { copies: [...backup.copies, elsewhere()] });
    expect(await verify()).toMatchObject({ status: 'success', warnings: [expect.any(String)] });
    await history.commit('b', { copies: [elsewhere()] });
    expect(await verify()).toMatchObject({ status: 'failed', reason: 'DestinationNotConfigured' });
    expect(copies()).toEqual([elsewhere()]);
  });

  it('keep what became of the others meanwhile', async () => {
    await history.commit('b', { copies: [...backup.copies, elsewhere()] });
    const destination = memoryDestination(storage);
    const open = destination.open.bind(destination);
    destination.open = async (key, call) => {
      const deleted = (history.get('b')?.copies ?? []).map(each => ({
        ...each,
        state: 'deleted' as const,
      }));
      await history.commit('b', { copies: deleted });
      return await open(key, call);
    };
    await verify({ places: onePlace(destination) });
    expect(copies()).toMatchObject([{ state: 'deleted' }, { state: 'deleted' }]);
  });
});

it.each([
  ['was never made', { id: 'b2', status: 'failed' as const, copies: [] }, 'BackupHasNoArchive'],
  ['is not known', undefined, 'BackupNotFound'],
])('fails for a backup that %s', async (_, run, reason) => {
  if (run) await history.add([{ ...backup, ...run }]);
  const of = exampleCheck('verify', { status: 'running' }, { backup: 'b2' });
  expect(await verify({}, undefined, of)).toMatchObject({ status: 'failed', reason });
});

it('can be cancelled', async () => {
  const abort = new AbortController();
  abort.abort(CANCELLED);
  expect(await verify({}, abort.signal)).toMatchObject({ status: 'cancelled' });
  expect(copies()).toEqual(backup.copies);
});

it('ends when it takes too long', async () => {
  const unpacking = lane(1);
  await unpacking.enter(new AbortController().signal);
  expect(await verify({ unpacking, runTimeoutMs: 5 })).toMatchObject({
    status: 'failed',
    reason: 'RunTimedOut',
  });
});

describe('of a chain whose full archive is gone', () => {
  const linkTo = ({ id, copies: [copy] }: RunRecord) => ({
    ...{ runId: id, archive: copy!.key, bytes: copy!.bytes, sha256: copy!.sha256 },
  });
  beforeEach(async () => {
    await history.commit('b', { chain: { links: [] } });
    const { run, key, archive: increment } = await storedBackup({ id: 'c' });
    storage.archives.set(key, increment);
    const elsewhere = { ...run.copies[0]!, destination: 'elsewhere' };
    const chain = { links: [linkTo(backup)] };
    await history.add([{ ...run, copies: [...run.copies, elsewhere], chain }]);
    storage.archives.delete(backup.copies[0]!.key);
  });
  const statesOfIncrement = () => history.get('c')?.copies.map(({ state }) => state);

  it.each(['b', 'c'])('the check of backup %s says that the increment is of no use', async id => {
    const run = exampleCheck('verify', { status: 'running' }, { backup: id });
    expect(await verify({}, undefined, run)).toMatchObject({
      status: 'failed',
      reason: id === 'b' ? 'ArchiveMissing' : 'ChainIncomplete',
    });
    expect(statesOfIncrement()).toEqual(['missing', 'present']);
    expect(history.get('c')?.copies[0]?.problem).toMatchObject({ reason: 'ChainIncomplete' });
  });
});
