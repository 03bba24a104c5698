import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import type { Manifest } from '../archive/manifest.ts';
import { MANIFEST_VERSION, writeManifest } from '../archive/manifest.ts';
import { archiveName, manifestName } from '../archive/name.ts';
import { restoreCommand } from '../archive/restoreCommand.ts';
import type { Destination } from '../destinations/destination.ts';
import { openHistory } from '../history/openHistory.ts';
import { exampleRun } from '../testing/exampleRun.ts';
import { failing } from '../testing/failingDestination.ts';
import { memoryDestination } from '../testing/memoryDestination.ts';
import { rebuildHistory } from './rebuildHistory.ts';

const CONTENTS = 'archive';

const keyOf = (runId: string, cluster = 'kind', second = 12) =>
  archiveName({
    cluster,
    namespace: 'shop',
    pvc: 'orders-db',
    at: new Date(Date.UTC(2026, 10, 20, 10, 11, second)),
    runId,
  });

/** Puts an archive and its manifest there. @returns the manifest. */
async function backUp(to: Destination, runId: string, key = keyOf(runId)): Promise<Manifest> {
  const sha256 = 'ab'.repeat(32);
  const manifest: Manifest = {
    formatVersion: MANIFEST_VERSION,
    archive: key,
    runId,
    cluster: 'kind',
    namespace: 'shop',
    pvc: 'orders-db',
    pvcUid: 'uid-1',
    claim: { labels: {}, annotations: {}, spec: {} },
    owner: { kind: 'Single', owner: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' } },
    node: 'node-b',
    createdAt: '2026-11-20T10:11:12.000Z',
    requestedBy: 'system:admin',
    bytes: CONTENTS.length,
    sha256,
    seal: {
      bytes: CONTENTS.length,
      sha256,
      tarExit: 1,
      compressorExit: 0,
      files: 3,
      rawBytes: 10_240,
      omitted: { sockets: 0, trustedXattrs: 0, attributeFlags: 0, longPaths: 0 },
    },
    warnings: ['some files changed while they were read'],
    tarMessages: ['tar: ./log: file changed as we read it'],
    nkvmVersion: '0.1.0',
    restoreCommand: restoreCommand(key),
  };
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
  const rebuild = (from = destination) =>
    rebuildHistory({ history, destination: from, clusterName: 'kind', log });
  return { history, destination, logged, rebuild };
}

it('adds what the manifests know to an empty history, and says so', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  const manifest = await backUp(destination, 'run-1');
  await rebuild();
  const path = `${destination.location}/${manifest.archive}`;
  expect(history.get('run-1')).toEqual({
    ...exampleRun(),
    id: 'run-1',
    uid: 'uid-1',
    bytes: manifest.bytes,
    sha256: manifest.sha256,
    seal: manifest.seal,
    warnings: manifest.warnings,
    tarMessages: manifest.tarMessages,
    archive: path,
    copies: [
      {
        destination: destination.id,
        key: manifest.archive,
        state: 'present',
        bytes: manifest.bytes,
        sha256: manifest.sha256,
        provenAt: null,
        proof: null,
        verifiedAt: null,
      },
    ],
    namespaceUid: null,
    clusterUid: null,
    restoreCommand: restoreCommand(path),
    message: 'backed up; known from the manifest beside the archive',
    requestedBy: 'system:admin',
    createdAt: manifest.createdAt,
    startedAt: null,
    endedAt: '2026-11-20T10:11:12.000Z',
    stages: [],
    helper: null,
  });
  expect(history.ofClaim('uid-1', 'shop', 'orders-db').lastSuccess?.id).toBe('run-1');
  expect(logged).toEqual([
    {
      level: 'warn',
      fields: { count: 1, runs: ['shop/orders-db run-1'] },
      message: expect.stringContaining('history lacked 1 proven backups'),
    },
  ]);
});

it('adds many, and says nothing when it is called again', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  for (let number = 100; number < 230; number += 1) await backUp(destination, `run-${number}`);
  await rebuild();
  await rebuild();
  expect(history.list({ limit: 500 }).backups).toHaveLength(130);
  expect(logged).toMatchObject([{ fields: { count: 130 } }]);
});

it('never changes a run that the history knows', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  await backUp(destination, 'run-1');
  const known = exampleRun({ id: 'run-1', status: 'failed', message: 'archive found broken' });
  await history.add([known]);
  await rebuild();
  expect(history.get('run-1')).toMatchObject({ status: 'failed', message: 'archive found broken' });
  expect(logged).toEqual([]);
});

it('leaves alone what other clusters and other programs put there', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  await backUp(destination, 'run-1', keyOf('run-1', 'other'));
  await destination.put('notes.json', '{}');
  await destination.put(keyOf('run-2'), 'an archive without a manifest');
  await rebuild();
  expect(history.list({ limit: 9 }).backups).toEqual([]);
  expect(logged).toEqual([]);
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
      await to.put(manifestName(keyOf('bad')), ' '.repeat(2_000_000));
    },
    'is longer than 1048576 bytes',
  ],
  [
    'it tells of another archive',
    async to => {
      const text = writeManifest(
        await backUp(memoryDestination(), 'bad', keyOf('bad', 'kind', 59))
      );
      await to.remove(manifestName(keyOf('bad')));
      await to.put(manifestName(keyOf('bad')), text);
    },
    'tells of another archive',
  ],
])('passes over a manifest when %s, says so, and takes the others', async (_, spoil, words) => {
  const { history, destination, logged, rebuild } = await setUp();
  await backUp(destination, 'good');
  await backUp(destination, 'bad');
  await spoil(destination);
  await rebuild();
  expect(history.list({ limit: 9 }).backups.map(({ id }) => id)).toEqual(['good']);
  expect(logged).toMatchObject([
    { level: 'warn', fields: { count: 1, runs: ['shop/orders-db good'] } },
    { level: 'warn', fields: { count: 1, reasons: [expect.stringContaining(words)] } },
  ]);
});

it('takes one of two archives of one run', async () => {
  const { history, destination, logged, rebuild } = await setUp();
  await backUp(destination, 'run-1', keyOf('run-1', 'kind', 1));
  await backUp(destination, 'run-1', keyOf('run-1', 'kind', 2));
  await rebuild();
  expect(history.list({ limit: 9 }).backups).toHaveLength(1);
  expect(logged).toMatchObject([
    { fields: { count: 1 } },
    { fields: { reasons: ['run run-1 is in the history already'] } },
  ]);
});

it('says that it could not look, and lets the service start', async () => {
  const { destination, logged, rebuild } = await setUp();
  await rebuild(failing(destination, 'list'));
  expect(logged).toMatchObject([
    { level: 'error', message: expect.stringContaining('could not be compared') },
  ]);
});
