import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { exampleRun, queuedRun } from '../../testing/history/exampleRun.ts';
import { newPath, onDisk, openFor, testDisk } from '../../testing/history/testDisk.ts';
import type { HistoryOptions } from '../openHistory.ts';
import type { Notice } from './notice.ts';

const quiet = { checkpointDelayMs: 600_000, writeRetryMs: 5 };

/** Opens a history whose disk is full from the start. */
async function openFull(path: string, options: HistoryOptions = {}) {
  const disk = testDisk();
  disk.fill();
  const notices: Notice[] = [];
  const history = await openFor(path, {
    ...quiet,
    files: disk.files,
    onNotice: notice => notices.push(notice),
    ...options,
  });
  return { disk, history, reasons: () => notices.map(({ reason }) => reason) };
}

async function withRuns(): Promise<string> {
  const path = newPath();
  const before = await openFor(path, quiet);
  await before.add([exampleRun({ id: 'a' })]);
  await before.close();
  const killed = await openFor(path, quiet);
  await killed.add([queuedRun({ id: 'b' })]); // only in the journal
  return path;
}

it('opens with a full disk: what is there can be read, and changes are refused', async () => {
  const path = await withRuns();
  const { history, reasons } = await openFull(path);
  expect(history.list({ limit: 9 }).backups).toHaveLength(2);
  expect(history.unfinished().map(({ id }) => id)).toEqual(['b']);
  expect(history.isReadOnly()).toBe(true);
  expect(history.problem()).toMatchObject({ reason: 'HistoryFull', class: 'needs-action' });
  await expect(history.add([queuedRun({ id: 'c' })])).rejects.toMatchObject({
    stage: 'queue',
    reason: 'HistoryFull',
    class: 'needs-action',
  });
  await expect(history.commit('b', { status: 'failed' })).rejects.toMatchObject({
    reason: 'HistoryFull',
  });
  expect(history.get('b')?.status).toBe('queued');
  expect(reasons()).toEqual(['HistoryReadOnly']);
});

it('takes changes again by itself when there is room', async () => {
  const path = await withRuns();
  const { disk, history, reasons } = await openFull(path);
  history.note('b', { bytes: 1 });
  disk.makeRoom();
  await expect.poll(() => history.isReadOnly()).toBe(false);
  expect(history.problem()).toBeNull();
  await history.commit('b', { status: 'running' });
  expect(await onDisk(path)).toEqual(['a success 1213456789', 'b running 1']);
  expect(reasons()).toEqual(['HistoryReadOnly', 'HistoryWritable']);
});

it('takes the first change that fits, without waiting for its next try', async () => {
  const path = await withRuns();
  const { disk, history } = await openFull(path, { writeRetryMs: 600_000 });
  disk.makeRoom();
  await history.commit('b', { status: 'running' });
  expect(history.isReadOnly()).toBe(false);
  expect(await onDisk(path)).toEqual(['a success 1213456789', 'b running']);
});

it('migrates an old file in memory while the disk is full, and writes it later', async () => {
  const path = newPath();
  mkdirSync(dirname(path), { recursive: true });
  const old = gunzipSync(readFileSync(join(import.meta.dirname, '../fixtures/schema-3.db.gz')));
  writeFileSync(path, old);
  const { disk, history } = await openFull(path);
  expect(history.count()).toBe(4);
  expect(readFileSync(path).equals(old)).toBe(true);
  disk.makeRoom();
  await expect.poll(() => history.isReadOnly()).toBe(false);
  const copy = readdirSync(dirname(path)).find(name => name.includes('.copy-')) ?? '';
  expect(readFileSync(join(dirname(path), copy)).equals(old)).toBe(true);
  expect(await onDisk(path)).toHaveLength(4);
});

it('begins with a full disk where there was nothing, and reports a damaged file once it is set aside', async () => {
  const path = newPath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'not a database');
  const { disk, history, reasons } = await openFull(path);
  expect(history.count()).toBe(0);
  disk.makeRoom();
  await history.add([queuedRun({ id: 'a' })]);
  expect(reasons()).toEqual(['HistoryReadOnly', 'HistorySetAside', 'HistoryWritable']);
  expect(await onDisk(path)).toEqual(['a queued']);
});

it('is read-only from a change that failed until one works', async () => {
  const path = newPath();
  const disk = testDisk();
  const history = await openFor(path, { ...quiet, files: disk.files });
  expect(history.isReadOnly()).toBe(false);
  disk.fill();
  await expect(history.add([queuedRun({ id: 'a' })])).rejects.toThrow('full');
  expect(history.isReadOnly()).toBe(true);
  disk.makeRoom();
  await expect.poll(() => history.isReadOnly()).toBe(false);
  expect(await onDisk(path)).toEqual([]);
});

it('closes while it is read-only, and leaves what was there', async () => {
  const path = await withRuns();
  const { history } = await openFull(path);
  history.note('b', { bytes: 1 });
  await history.close();
  expect(await onDisk(path)).toEqual(['a success 1213456789', 'b queued']);
});

const reserveOf = (path: string) => `${path}.reserve`;

it('keeps a reserve beside the file, and uses it when the disk is full', async () => {
  const path = newPath();
  const disk = testDisk();
  const history = await openFor(path, { ...quiet, files: disk.files, reserveBytes: 300_000 });
  expect(statSync(reserveOf(path)).size).toBe(300_000);
  disk.fillUntil(() => !existsSync(reserveOf(path)));
  await history.add([queuedRun({ id: 'a' })]);
  expect(existsSync(reserveOf(path))).toBe(false);
  expect(history.isReadOnly()).toBe(false);
  disk.makeRoom();
  await history.close(); // a checkpoint
  expect(statSync(reserveOf(path)).size).toBe(300_000);
});

it('starts with the help of the reserve', async () => {
  const path = await withRuns();
  writeFileSync(reserveOf(path), Buffer.alloc(300_000));
  const disk = testDisk();
  disk.fillUntil(() => !existsSync(reserveOf(path)));
  const history = await openFor(path, { ...quiet, files: disk.files, reserveBytes: 0 });
  expect(history.isReadOnly()).toBe(false);
  await history.commit('b', { status: 'running' });
});
