import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { queuedRun } from '../../testing/history/exampleRun.ts';
import { inFile, onDisk, withDisk } from '../../testing/history/testDisk.ts';
import type { Notice } from './notice.ts';

const messagesOf = (ends: PromiseSettledResult<unknown>[]) =>
  ends.map(end => (end.status === 'rejected' ? end.reason.message : 'done'));

it('says that the disk is full, stays whole, and takes the change later', async () => {
  const { path, disk, history } = await withDisk();
  await history.add([queuedRun({ id: 'a' })]);
  disk.fill();
  await expect(history.add([queuedRun({ id: 'b' })])).rejects.toMatchObject({
    name: 'StageError',
    stage: 'queue',
    reason: 'HistoryFull',
    message: `disk of the history file ${path} is full`,
  });
  await expect(history.commit('a', { status: 'running' })).rejects.toMatchObject({
    stage: 'publish',
    reason: 'HistoryFull',
  });
  expect(await onDisk(path)).toEqual(['a queued']);
  expect(history.get('a')?.status).toBe('queued');
  expect(history.get('b')).toBeUndefined();
  disk.makeRoom();
  await history.add([queuedRun({ id: 'b' })]);
  await history.commit('a', { status: 'running' });
  expect(await onDisk(path)).toEqual(['a running', 'b queued']);
});

it('never writes a refused change along with a later one', async () => {
  const { path, disk, history } = await withDisk();
  disk.fill();
  const letGo = disk.hold();
  const refused = history.add([queuedRun({ id: 'refused' })]);
  await expect.poll(() => disk.writes).toBe(1);
  const ofRefused = history.commit('refused', { status: 'running' });
  const taken = history.add([queuedRun({ id: 'taken' })]);
  disk.makeRoom();
  letGo();
  expect(messagesOf(await Promise.allSettled([refused, ofRefused, taken]))).toEqual([
    `disk of the history file ${path} is full`,
    'run refused is not in the history',
    'done',
  ]);
  expect(await onDisk(path)).toEqual(['taken queued']);
});

it('refuses everything while the disk neither syncs nor takes back, and nothing of it stays', async () => {
  const { path, disk, history } = await withDisk();
  await history.add([queuedRun({ id: 'a' })]);
  disk.breakDown();
  const ends = await Promise.allSettled([
    history.add([queuedRun({ id: 'b' })]),
    history.commit('a', { status: 'running' }),
  ]);
  await expect(history.add([queuedRun({ id: 'c' })])).rejects.toThrow('EIO');
  expect(messagesOf(ends)).toEqual(
    Array(2).fill(expect.stringContaining(`history file ${path} does not work: EIO`))
  );
  disk.repair();
  await history.add([queuedRun({ id: 'd' })]);
  expect(await onDisk(path)).toEqual(['a queued', 'd queued']);
});

it('begins a new file of the journal when the old one cannot be repaired', async () => {
  const { path, disk, history } = await withDisk({ checkpointDelayMs: 5 });
  await history.add([queuedRun({ id: 'a' })]);
  disk.breakDown();
  await expect(history.add([queuedRun({ id: 'b' })])).rejects.toThrow('EIO');
  disk.repair();
  await history.add([queuedRun({ id: 'c' })]);
  await expect.poll(() => inFile(path)).toEqual(['a queued', 'c queued']);
  expect(await onDisk(path)).toEqual(['a queued', 'c queued']);
});

it('goes on with its journal, and says so once, while the file cannot be written', async () => {
  const notices: Notice[] = [];
  let renames = 0;
  const rename: typeof fs.rename = async (from, to) => {
    if (String(to).endsWith('.db') && (renames += 1) > 1) {
      throw Object.assign(new Error('ENOSPC: no space left on device, rename'), { code: 'ENOSPC' });
    }
    await fs.rename(from, to);
  };
  const { path, history } = await withDisk({
    checkpointDelayMs: 1,
    checkpointRetryMs: 5,
    onNotice: notice => notices.push(notice),
    files: { open: fs.open, rename },
  });
  const before = readFileSync(path);
  await history.add([queuedRun({ id: 'a' })]);
  await expect.poll(() => renames).toBeGreaterThan(3);
  await history.add([queuedRun({ id: 'b' })]);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(notices.map(({ reason }) => reason)).toEqual(['HistoryNotWritten']);
  await history.close();
  expect(await onDisk(path)).toEqual(['a queued', 'b queued']);
});

it('leaves nothing but the file and a copy of it when it closes', async () => {
  const { path, history } = await withDisk();
  await history.add([queuedRun({ id: 'a' })]);
  expect(existsSync(`${path}.changes-1`)).toBe(true);
  await history.close();
  expect(await inFile(path)).toEqual(['a queued']);
  expect(readdirSync(dirname(path))).toEqual([
    'nkvm.db',
    expect.stringMatching(/^nkvm\.db\.copy-\d{8}T\d{6}Z$/),
  ]);
});
