import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import type { Backup, Copy } from '../../api/index.ts';
import { PRIORITIES } from '../../api/index.ts';
import type { Manifest } from '../archive/manifest.ts';
import { writeManifest } from '../archive/manifest.ts';
import { archiveName, indexName, manifestName } from '../archive/name.ts';
import { restoreCommand } from '../archive/restoreCommand.ts';
import type { Destination } from '../destinations/destination.ts';
import { keysOf } from '../destinations/destination.ts';
import { sameAs } from '../destinations/places/sameStorage.ts';
import type { History, RunChange } from '../history/history.ts';
import { openHistory } from '../history/openHistory.ts';
import { registerClaimGauges } from '../observe/claimGauges.ts';
import { exampleManifest } from '../testing/archive/exampleManifest.ts';
import { testClaim } from '../testing/cluster/testClaim.ts';
import { failing } from '../testing/destinations/failingDestination.ts';
import { fixedPlaces } from '../testing/destinations/fixedPlaces.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import { exampleCopy } from '../testing/history/exampleCopy.ts';
import { exampleRun, queuedRun } from '../testing/history/exampleRun.ts';
import type { RebuildOptions } from './rebuildHistory.ts';
import { rebuildHistory } from './rebuildHistory.ts';

const CONTENTS = 'archive';

const { clusterUid, installation, namespaceUid, pvcUid } = exampleManifest();
const identity = { clusterUid, installation };

const keyOf = (runId: string, cluster = 'kind', second = 12) =>
  archiveName({
    cluster,
    namespace: 'shop',
    pvc: 'orders-db',
    at: new Date(Date.UTC(2026, 10, 20, 10, 11, second)),
    runId,
  });

/** Puts an archive and its manifest there. @returns the manifest. */
async function backUp(
  to: Destination,
  runId: string,
  key = keyOf(runId),
  change: Partial<Manifest> = {}
): Promise<Manifest> {
  const manifest = exampleManifest({ runId, archive: key, bytes: CONTENTS.length, ...change });
  await (await to.stage(key, Readable.from([CONTENTS], { objectMode: false }))).publish();
  await to.put(manifestName(key), writeManifest(manifest));
  return manifest;
}

async function setUp() {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-rebuild-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const destination = memoryDestination();
  const history = await openHistory(join(dir, 'nkvm.db'), {
    restoreCommand,
    destinations: [destination],
  });
  onTestFinished(() => history.close());
  const logged: { level: string; fields: object; message: string }[] = [];
  const to = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  const log = { info: to('info'), warn: to('warn'), error: to('error') };
  const rebuild = (from = destination, change: Partial<RebuildOptions> = {}) =>
    rebuildHistory({
      history,
      destination: from,
      identity,
      claimUidOf: () => undefined,
      log,
      limitMs: 60_000,
      ...change,
    });
  return { history, destination, logged, rebuild };
}

it('adds what the manifests know to an empty history, and says so', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  const manifest = await backUp(destination, 'run-1');
  expect(await rebuild()).toEqual({
    isComplete: true,
    looked: 1,
    added: 1,
    corrected: 0,
    foreign: 0,
    skipped: 0,
  });
  const path = `${destination.location}/${manifest.archive}`;
  expect(history.get('run-1')).toMatchObject({
    id: 'run-1',
    kind: 'backup',
    status: 'success',
    namespace: 'shop',
    name: 'orders-db',
    uid: pvcUid,
    namespaceUid,
    clusterUid,
    bytes: manifest.bytes,
    sha256: manifest.sha256,
    seal: manifest.seal,
    warnings: manifest.warnings,
    archive: path,
    restoreCommand: restoreCommand(path),
    message: 'backed up; known from the manifest beside the archive',
    requestedBy: 'system:admin',
    createdAt: manifest.createdAt,
    startedAt: null,
    endedAt: manifest.provenAt,
  });
  expect(history.ofClaim(pvcUid, 'shop', 'orders-db').lastSuccess?.id).toBe('run-1');
  expect(logged).toEqual([
    {
      level: 'warn',
      fields: { added: 1, corrected: 0, runs: ['shop/orders-db run-1'] },
      message: expect.stringContaining('history lacked 1 proven backups'),
    },
  ]);
});

it('knows which backups were scheduled, and which were taken before a restore', async () => {
  const { history, destination, rebuild } = await setUp();
  for (const priority of PRIORITIES)
    await backUp(destination, `run-${priority}`, undefined, { priority });
  await rebuild();
  for (const priority of PRIORITIES)
    expect(history.get(`run-${priority}`)).toMatchObject({ priority });
});

it('gives the copy with its proof', async () => {
  const { history, destination, rebuild } = await setUp();
  const { archive, bytes, sha256, provenAt, proof } = await backUp(destination, 'run-1');
  const changes: RunChange[] = [];
  const add = history.add.bind(history);
  await rebuild(destination, {
    history: {
      ...history,
      get: id => history.get(id),
      add: async runs => {
        changes.push(...runs);
        await add(runs);
      },
    },
  });
  expect(changes).toMatchObject([
    { copies: [exampleCopy({ key: archive, bytes, sha256, provenAt, proof })] },
  ]);
});

/** What Prometheus reads. */
const lastSuccess = async (history: History): Promise<number | undefined> => {
  const registry = new Registry();
  const claim = testClaim({ namespace: 'shop', name: 'orders-db', uid: pvcUid });
  registerClaimGauges(registry, {
    inventory: { claims: () => [claim], namespaces: () => ['shop'], isReady: () => true },
    history,
  });
  const metric = await registry.getSingleMetric('nkvm_last_success_timestamp_seconds')?.get();
  return metric?.values[0]?.value;
};

it('has a last success for the alert after a rebuild', async () => {
  const { history, destination, rebuild } = await setUp();
  expect(await lastSuccess(history)).toBeUndefined();
  await backUp(destination, 'run-1');
  await rebuild();
  expect(await lastSuccess(history)).toBe(Date.parse('2026-11-20T10:12:40.000Z') / 1000);
});

/** The manifest of the run as the first version wrote it. */
async function backUpAsVersion1(to: Destination, runId: string): Promise<void> {
  const text = readFileSync(
    join(import.meta.dirname, '../archive/fixtures/manifest-v1.json'),
    'utf8'
  );
  const key = keyOf(runId);
  const manifest = {
    ...JSON.parse(text.replaceAll('01k9a2b3c4d5e6f7g8h9jkmnpq', runId)),
    archive: key,
    bytes: CONTENTS.length,
  };
  manifest.seal.bytes = CONTENTS.length;
  await to.put(key, CONTENTS);
  await to.put(manifestName(key), JSON.stringify(manifest));
}

it('knows the age of a backup whose manifest is of the first version from its name', async () => {
  const { history, destination, rebuild } = await setUp();
  await backUpAsVersion1(destination, 'run-1');
  await rebuild(destination, { claimUidOf: () => pvcUid });
  expect(history.get('run-1')).toMatchObject({
    status: 'success',
    endedAt: '2026-11-20T10:11:12.000Z',
    namespaceUid: null,
    warnings: ['some files changed while they were read'],
  });
  expect(await lastSuccess(history)).toBe(Date.parse('2026-11-20T10:11:12Z') / 1000);
});

it.each<[string, Partial<RebuildOptions>, boolean, string | undefined]>([
  ['a claim that exists with its UID', { claimUidOf: () => pvcUid }, false, 'success'],
  ['a claim made again since', { claimUidOf: () => 'uid-2' }, false, undefined],
  ['no claim', {}, false, undefined],
  ['no claim, but of a run in the history', {}, true, 'success'],
])(
  'takes an archive of the first version of %s accordingly',
  async (_, change, isKnown, status) => {
    const { history, destination, rebuild } = await setUp();
    await backUpAsVersion1(destination, 'run-1');
    if (isKnown) await history.add([queuedRun({ id: 'run-1', uid: pvcUid })]);
    const { foreign } = await rebuild(destination, change);
    expect(history.get('run-1')?.status).toBe(status);
    expect(foreign).toBe(status ? 0 : 1);
  }
);

it('adds many, and says nothing when it is called again', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  for (let number = 100; number < 230; number += 1) await backUp(destination, `run-${number}`);
  await rebuild();
  await rebuild();
  expect(history.list({ limit: 500 }).backups).toHaveLength(130);
  expect(logged).toMatchObject([{ fields: { added: 130 } }]);
});

it.each<Backup['status']>(['queued', 'running', 'failed', 'cancelled'])(
  'makes a run a success that the history has as %s, when its manifest proves it',
  async status => {
    const { history, destination, logged, rebuild } = await setUp();
    await backUp(destination, 'run-1');
    await history.add([
      queuedRun({
        id: 'run-1',
        uid: pvcUid,
        status,
        reason: 'ClaimNotFound',
        hint: 'restore an earlier backup',
        failureClass: 'needs-action',
      }),
    ]);
    await rebuild();
    expect(history.get('run-1')).toMatchObject({
      status: 'success',
      reason: null,
      hint: null,
      failureClass: null,
      bytes: CONTENTS.length,
      archive: `${destination.location}/${keyOf('run-1')}`,
      endedAt: '2026-11-20T10:12:40.000Z',
    });
    expect(history.ofClaim(pvcUid, 'shop', 'orders-db').lastSuccess?.id).toBe('run-1');
    expect(logged).toMatchObject([{ level: 'warn', fields: { added: 0, corrected: 1 } }]);
  }
);

it.each<Backup['status']>(['queued', 'running'])(
  'leaves a run alone that is %s while runs go on: another of its copies may be under way',
  async status => {
    const { history, destination, rebuild } = await setUp();
    const both = ['memory', 'offsite'].map(name => ({ name, isRequired: true }));
    await backUp(destination, 'run-1', keyOf('run-1'), { destinations: both });
    await history.add([queuedRun({ id: 'run-1', uid: pvcUid, status })]);
    const before = history.get('run-1');
    await rebuild(destination, { isWhileRunning: true });
    expect(history.get('run-1')).toEqual(before);
    await history.commit('run-1', { status: 'failed', reason: 'Interrupted' });
    await rebuild(destination, { isWhileRunning: true });
    expect(history.get('run-1')).toMatchObject({ reason: 'Incomplete' });
  }
);

/** A copy as the history has it. */
const copyAt = (destination: string, key: string, change: Partial<Copy> = {}): Copy[] =>
  exampleRun().copies.map(copy => ({ ...copy, destination, key, ...change }));

it('adds a copy that it finds to the run, and concludes what the run is then', async () => {
  const { history, destination, rebuild } = await setUp();
  const both = ['memory', 'offsite'].map(name => ({ name, isRequired: true }));
  await backUp(destination, 'run-1', keyOf('run-1'), { destinations: both });
  await rebuild();
  expect(history.get('run-1')).toMatchObject({
    status: 'failed',
    reason: 'Incomplete',
    destinations: ['memory', 'offsite'],
    copies: [
      { destination: 'memory', state: 'present' },
      { destination: 'offsite', state: 'awaited', problem: { reason: 'CopyNotFound' } },
    ],
  });
  await rebuild({ ...destination, id: 'offsite' });
  expect(history.get('run-1')).toMatchObject({
    status: 'success',
    reason: null,
    copies: [
      { destination: 'memory', state: 'present' },
      { destination: 'offsite', state: 'present', problem: null },
    ],
  });
});

it('does not bring back a copy that NKVM has deleted', async () => {
  const { history, destination, rebuild } = await setUp();
  await backUp(destination, 'run-1');
  const copies = copyAt('memory', keyOf('run-1'), { state: 'deleted' });
  await history.add([exampleRun({ id: 'run-1', copies })]);
  await rebuild();
  expect(history.get('run-1')?.copies).toMatchObject([{ state: 'deleted' }]);
});

it('counts an archive once where two destinations are the same storage', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  const other = { ...destination, id: 'mount', location: 'the same by another name' };
  await backUp(destination, 'run-1');
  await rebuild();
  const isSame = sameAs(other, fixedPlaces([destination, other]), installation);
  await rebuild(other, { isSame });
  expect(history.get('run-1')?.copies.map(copy => copy.destination)).toEqual(['memory']);
  expect(logged.at(-1)?.message).toMatch(/mount and memory are the same storage/);
  expect(await keysOf(destination)).toHaveLength(2);
});

it('never changes a success, nor a run of another claim with the same id', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  await backUp(destination, 'run-1');
  await backUp(destination, 'run-2');
  await history.add([
    exampleRun({ id: 'run-1', message: 'as it was', copies: copyAt('memory', keyOf('run-1')) }),
    queuedRun({ id: 'run-2', uid: 'another-claim', status: 'failed', message: 'as it was' }),
  ]);
  await rebuild();
  expect(history.get('run-1')).toMatchObject({ status: 'success', message: 'as it was' });
  expect(history.get('run-2')).toMatchObject({ status: 'failed', message: 'as it was' });
  expect(logged).toMatchObject([{ fields: { reasons: [expect.stringContaining('run-2')] } }]);
});

it('leaves alone what other installations and other programs put there', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  const from = (runId: string, change: Partial<Manifest>) =>
    backUp(destination, runId, keyOf(runId), change);
  await from('run-1', { clusterUid: 'another-cluster' });
  await from('run-2', { installation: 'another' });
  await destination.put('notes.json', '{}');
  await destination.put(keyOf('run-3'), 'an archive without a manifest');
  await destination.put(indexName(keyOf('run-4')), 'an index without an archive');
  const before = await keysOf(destination);
  expect(await rebuild()).toMatchObject({ foreign: 2, added: 0, isComplete: true });
  expect(history.list({ limit: 9 }).backups).toEqual([]);
  expect(await keysOf(destination)).toEqual(before);
  expect(logged).toMatchObject([{ level: 'info', fields: { count: 2 } }]);
});

it('knows its archives again when the cluster has got another name', async () => {
  const { history, destination, rebuild } = await setUp();
  await backUp(destination, 'run-1', keyOf('run-1', 'name-of-before'));
  await rebuild();
  expect(history.get('run-1')?.status).toBe('success');
});

it('ends after its limit, says how far it came, and goes on at the next start', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  for (const id of ['run-1', 'run-2', 'run-3']) await backUp(destination, id);
  let opened = 0;
  const slow: Destination = {
    ...destination,
    open: async (...words) => {
      opened += 1;
      await new Promise(resolve => setTimeout(resolve, 60));
      return destination.open(...words);
    },
  };
  const result = await rebuild(slow, { limitMs: 100 });
  expect(result).toMatchObject({ isComplete: false, looked: opened, added: opened });
  expect(opened).toBeLessThan(3);
  expect(logged.map(({ message }) => message).join()).toContain(`ended after ${opened} manifests`);
  expect(await rebuild()).toMatchObject({ isComplete: true, added: 3 - opened });
  expect(history.count()).toBe(3);
});

it('ends when the process stops, without a word about failures', async () => {
  const { destination, logged, rebuild } = await setUp();
  await backUp(destination, 'run-1');
  const result = await rebuild(destination, { signal: AbortSignal.abort(new Error('stopping')) });
  expect(result).toMatchObject({ isComplete: false, skipped: 0 });
  expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
});

it.each<[string, (to: Destination) => Promise<unknown>, string]>([
  ['its archive is missing', to => to.remove(keyOf('bad')), 'is missing'],
  [
    'its archive has another size',
    async to => {
      await to.remove(keyOf('bad'));
      await to.put(keyOf('bad'), 'cut');
    },
    'has 3 bytes; its manifest says 7 bytes',
  ],
  [
    'it cannot be read',
    async to => {
      await to.remove(manifestName(keyOf('bad')));
      await to.put(manifestName(keyOf('bad')), '{');
    },
    'manifest kind__shop__orders-db__',
  ],
  [
    'it is far too long',
    async to => {
      await to.remove(manifestName(keyOf('bad')));
      await to.put(manifestName(keyOf('bad')), ' '.repeat(5_000_000));
    },
    'is longer than 4194304 bytes',
  ],
  [
    'it describes another archive',
    async to => {
      const text = writeManifest(
        await backUp(memoryDestination(), 'bad', keyOf('bad', 'kind', 59))
      );
      await to.remove(manifestName(keyOf('bad')));
      await to.put(manifestName(keyOf('bad')), text);
    },
    'describes another archive',
  ],
])('skips a manifest when %s, says so, and takes the others', async (_, spoil, words) => {
  const { history, destination, logged, rebuild } = await setUp();
  await backUp(destination, 'good');
  await backUp(destination, 'bad');
  await spoil(destination);
  await rebuild();
  expect(history.list({ limit: 9 }).backups.map(({ id }) => id)).toEqual(['good']);
  expect(logged).toMatchObject([
    { level: 'warn', fields: { added: 1, runs: ['shop/orders-db good'] } },
    { level: 'warn', fields: { count: 1, reasons: [expect.stringContaining(words)] } },
  ]);
});

it('takes one of two archives of one run', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  await backUp(destination, 'run-1', keyOf('run-1', 'kind', 1));
  await backUp(destination, 'run-1', keyOf('run-1', 'kind', 2));
  await rebuild();
  expect(history.list({ limit: 9 }).backups).toHaveLength(1);
  expect(logged).toMatchObject([{ fields: { added: 1 } }]);
});

it('leaves an archive of another attempt alone, as long as one of the run is there', async () => {
  const { history, destination, rebuild } = await setUp();
  const full: Partial<Manifest> = { chain: { links: [] } };
  await backUp(destination, 'run-1', keyOf('run-1', 'kind', 1), full);
  const link = { runId: 'run-0', archive: keyOf('run-0'), bytes: 7, sha256: 'ab'.repeat(32) };
  const increment = { chain: { links: [link] }, seal: exampleRun().seal };
  const there = copyAt('offsite', keyOf('run-1', 'kind', 2));
  const awaited = copyAt('memory', keyOf('run-1', 'kind', 2), { state: 'awaited' });
  const run = exampleRun({
    ...{ id: 'run-1', ...increment, copies: [...awaited, ...there] },
    ...{ status: 'failed', reason: 'Incomplete', destinations: ['memory', 'offsite'] },
    ...{ uid: pvcUid, namespaceUid },
  });
  await history.add([run]);
  await rebuild();
  expect(history.get('run-1')).toMatchObject({ status: 'failed', ...increment });
  await history.commit('run-1', {
    copies: run.copies.map(copy =>
      copy.destination === 'offsite' ? { ...copy, state: 'missing' } : copy
    ),
  });
  await rebuild();
  expect(history.get('run-1')).toMatchObject({
    ...{ status: 'success', chain: full.chain },
    copies: [{ destination: 'memory', key: keyOf('run-1', 'kind', 1), state: 'present' }],
  });
});

it('says that it could not look, and lets the service start', async () => {
  const { destination, logged, rebuild } = await setUp();
  await rebuild(failing(destination, 'list'));
  expect(logged).toMatchObject([
    { level: 'error', message: expect.stringContaining('could not be compared') },
  ]);
});
