import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newIdentity } from '../../archive/age/keys.ts';
import { readManifest } from '../../archive/manifest.ts';
import type { ArchiveForm } from '../../archive/name.ts';
import { manifestName, snapshotName } from '../../archive/name.ts';
import { lane } from '../../cluster/gateway/lane.ts';
import type { Destination } from '../../destinations/destination.ts';
import { encryptedDestination } from '../../destinations/encryption/encrypted.ts';
import { keyRing } from '../../destinations/encryption/keyRing.ts';
import { chainThere } from '../../destinations/read/chainThere.ts';
import { readText } from '../../destinations/read/readText.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { changeCopies } from '../../history/queries/changeCopies.ts';
import { storedChain } from '../../testing/chain/storedChain.ts';
import type { TreeChange } from '../../testing/chain/treeHistory.ts';
import { fixedPlaces } from '../../testing/destinations/fixedPlaces.ts';
import type { MemoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { queuedRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import { COPY_RETRY, copyJob } from './copyJob.ts';

let root: string;
let a: MemoryStorage;
let b: MemoryStorage;
let from: Destination;
let to: Destination;
let runs: RunRecord[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'nkvm-copy-chain-'));
  [a, b] = [memoryStorage(), memoryStorage()];
  from = { ...memoryDestination(a), id: 'a' };
  to = { ...memoryDestination(b), id: 'b', location: 'memory of b' };
  const rounds: TreeChange[][] = [
    [{ what: 'create', one: 0, other: 0 }],
    [{ what: 'write', one: 0, other: 1 }],
    [],
  ];
  ({ runs } = await storedChain(from, root, rounds));
});
afterEach(() => rmSync(root, { recursive: true }));

const { signal } = new AbortController();
const keyOf = (run: RunRecord | undefined): string => run?.copies[0]?.key ?? '';

/** Copies the last backup of the chain. */
async function copyLast(known?: History, archiveForm: ArchiveForm = 'tar.gz') {
  const history = known ?? (await openFor(newPath()));
  if (!known) await history.add(runs);
  const end = await copyJob({
    installation: 'i',
    ...{ history, now: () => new Date(), retry: COPY_RETRY, unpacking: lane(1) },
    runTimeoutMs: 60_000,
    places: fixedPlaces([from, to], ({ id }) => (id === 'b' ? { archiveForm } : {})),
    proofPlans: (_, all) => all.map(() => ({ by: 'reading', level: 'checksum' })),
  }).work(
    {
      ...queuedRun({ kind: 'copy', destinations: [] }),
      details: { kind: 'copy', backup: runs[2]!.id, destination: 'b', totalBytes: 1 },
    },
    () => undefined,
    signal
  );
  return { history, end };
}

it('copies with an increment all archives that it needs, the full one first', async () => {
  const { history, end } = await copyLast();
  expect(end).toMatchObject({ status: 'success' });
  const keys = runs.map(keyOf);
  expect([...b.archives.keys()].sort()).toEqual(
    keys.flatMap(key => [key, manifestName(key), snapshotName(key)])
  );
  for (const { id } of runs)
    expect(history.get(id)?.copies.find(({ destination }) => destination === 'b')).toMatchObject({
      state: 'present',
    });
  expect(await chainThere(keys[2]!, runs[2]!.chain, to, signal)).toHaveLength(2);
});

it('brings the snapshot files, so that increments can be made there', async () => {
  await copyLast();
  for (const run of runs) {
    const key = snapshotName(keyOf(run));
    expect(b.archives.get(key)).toEqual(a.archives.get(key));
  }
});

it('copies an archive without its snapshot file where that is damaged, and says so', async () => {
  const key = snapshotName(keyOf(runs[1]));
  await from.remove(key);
  await from.put(key, 'something else');
  const { end } = await copyLast();
  expect(end).toMatchObject({ status: 'success' });
  expect(await to.stat(key)).toBeUndefined();
  const name = manifestName(keyOf(runs[1]));
  const { snapshot, warnings } = readManifest(name, await readText(to, name, 1_000_000));
  expect(snapshot).toBeNull();
  expect(warnings).toContainEqual(expect.stringContaining('no increment can build on'));
});

it('does not copy an increment whose full archive is damaged', async () => {
  const key = keyOf(runs[0]);
  const { bytes } = (await from.stat(key))!;
  await from.remove(key);
  await (await from.stage(key, Readable.from([Buffer.alloc(bytes)]))).publish();
  const { end } = await copyLast();
  expect(end).toMatchObject({ status: 'failed', reason: 'ArchiveDiffers' });
  expect([...b.archives.keys()]).toEqual([]);
});

it('copies an archive that an increment needs again, where only the increment is there', async () => {
  const { history } = await copyLast();
  const [full] = runs;
  await to.remove(keyOf(full));
  await changeCopies(history, full!.id, ({ copies }) => ({
    copies: copies.map(copy => (copy.destination === 'b' ? { ...copy, state: 'missing' } : copy)),
  }));
  const { end } = await copyLast(history);
  expect(end).toMatchObject({ status: 'success' });
  expect(await chainThere(keyOf(runs[2]), runs[2]!.chain, to, signal)).toHaveLength(2);
});

it('says which archive may have other keys, where they were changed between two copies', async () => {
  const inner = to;
  const keys = keyRing().of('b');
  const encrypted = (): Destination =>
    encryptedDestination(inner, { whom: { recipients: [newIdentity()] }, keys });
  to = encrypted();
  const { history, end } = await copyLast(undefined, 'tar.gz.age');
  expect(end).toMatchObject({ status: 'success', warnings: [] });
  // The last one is copied again, after the change.
  const last = `${keyOf(runs[2])}.age`;
  for (const key of [manifestName(last), last, snapshotName(last)]) await to.remove(key);
  await changeCopies(history, runs[2]!.id, ({ copies }) => ({
    copies: copies.filter(({ destination }) => destination === 'a'),
  }));
  to = encrypted();
  const after = await copyLast(history, 'tar.gz.age');
  expect(after.end).toMatchObject({
    status: 'success',
    warnings: [expect.stringContaining(`${keyOf(runs[0])}.age at b, which this increment needs`)],
  });
});

it('publishes no increment where an archive that it needs is gone by then, and tries again', async () => {
  const [full, , last] = runs;
  const { stage } = to;
  to = {
    ...to,
    async stage(key, ...more) {
      const staged = await stage(key, ...more);
      if (key === keyOf(last)) await to.remove(keyOf(full));
      return staged;
    },
  };
  const { history, end } = await copyLast();
  expect(end).toMatchObject({
    ...{ status: 'failed', reason: 'ChainIncomplete', failureClass: 'transient' },
  });
  expect(await to.stat(keyOf(last))).toBeUndefined();
  expect(b.temporaries.size).toBe(0);
  expect(history.get(last!.id)?.copies.find(({ destination }) => destination === 'b')?.state).toBe(
    'awaited'
  );
});

it('does not take the word of the history for an archive that an increment needs', async () => {
  const { history } = await copyLast();
  await to.remove(keyOf(runs[1]));
  expect((await copyLast(history)).end).toMatchObject({
    ...{ status: 'failed', reason: 'ChainIncomplete', failureClass: 'transient' },
  });
});
