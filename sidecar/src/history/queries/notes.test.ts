import { expect, it } from 'vitest';
import { queuedRun } from '../../testing/history/exampleRun.ts';
import { inFile, onDisk, withDisk } from '../../testing/history/testDisk.ts';
import type { Notice } from '../durability/notice.ts';

it('shows a note at once, and puts it on disk soon', async () => {
  const { path, history } = await withDisk({ noteDelayMs: 5 });
  await history.add([queuedRun({ id: 'a' })]);
  history.note('a', { bytes: 1 });
  history.note('a', { bytes: 2 });
  expect(history.get('a')?.bytes).toBe(2);
  expect(history.list({ limit: 1 }).backups[0]?.bytes).toBe(2);
  expect(await onDisk(path)).toEqual(['a queued']);
  await expect.poll(() => onDisk(path)).toEqual(['a queued 2']);
});

it('puts a note on disk with the next commit, whichever run that is of', async () => {
  const { path, history } = await withDisk({ noteDelayMs: 60_000 });
  await history.add([queuedRun({ id: 'a' }), queuedRun({ id: 'b' })]);
  history.note('a', { bytes: 1 });
  await history.commit('b', { status: 'running' });
  expect(await onDisk(path)).toEqual(['a queued 1', 'b running']);
});

it('puts a note into the file when it closes', async () => {
  const { path, history } = await withDisk({ noteDelayMs: 60_000 });
  await history.add([queuedRun({ id: 'a' })]);
  history.note('a', { bytes: 1 });
  await history.close();
  expect(await inFile(path)).toEqual(['a queued 1']);
});

it('tries a note again that a full disk refused', async () => {
  const { path, disk, history } = await withDisk({ noteDelayMs: 5 });
  await history.add([queuedRun({ id: 'a' })]);
  disk.fill();
  history.note('a', { bytes: 1 });
  await expect.poll(() => disk.writes).toBeGreaterThan(2);
  disk.makeRoom();
  await expect.poll(() => onDisk(path)).toEqual(['a queued 1']);
});

it('puts a note on top of a change that is on its way to the disk', async () => {
  const { path, disk, history } = await withDisk({ noteDelayMs: 60_000 });
  await history.add([queuedRun({ id: 'a' })]);
  const letGo = disk.hold();
  const committing = history.commit('a', { status: 'running', stage: 'copy', bytes: 1 });
  await expect.poll(() => disk.writes).toBe(2);
  history.note('a', { bytes: 2 });
  expect(history.get('a')).toMatchObject({ status: 'queued', bytes: 2 });
  letGo();
  await committing;
  expect(history.get('a')).toMatchObject({ status: 'running', stage: 'copy', bytes: 2 });
  await history.close();
  expect(await onDisk(path)).toEqual(['a running 2']);
});

it('keeps a note when the change that is on its way fails', async () => {
  const { disk, history } = await withDisk({ noteDelayMs: 60_000 });
  await history.add([queuedRun({ id: 'a' })]);
  disk.fill();
  const letGo = disk.hold();
  const committing = history.commit('a', { status: 'running' });
  await expect.poll(() => disk.writes).toBe(2);
  history.note('a', { bytes: 2 });
  letGo();
  await expect(committing).rejects.toMatchObject({ reason: 'HistoryFull' });
  expect(history.get('a')).toMatchObject({ status: 'queued', bytes: 2 });
});

it('takes no note of a run that it does not know', async () => {
  const { history } = await withDisk();
  expect(() => history.note('nobody', { bytes: 1 })).toThrow('run nobody is not in the history');
});

it('takes no note that makes no sense', async () => {
  const { history } = await withDisk();
  await history.add([queuedRun({ id: 'a' })]);
  expect(() => history.note('a', { bytes: -0.5 })).toThrow('bytes');
  expect(history.get('a')?.bytes).toBeNull();
});

it('takes no note of what must be committed', async () => {
  const { history } = await withDisk();
  await history.add([queuedRun({ id: 'a' })]);
  expect(() => history.note('a', { status: 'success' })).toThrow('must be committed');
  expect(() => history.note('a', { copies: [] })).toThrow('must be committed');
});

it('closes completely when the disk is full, and tells of the progress that is lost', async () => {
  const notices: Notice[] = [];
  const { disk, history, path } = await withDisk({
    noteDelayMs: 60_000,
    onNotice: notice => notices.push(notice),
  });
  await history.add([queuedRun({ id: 'a' })]);
  history.note('a', { bytes: 1 });
  disk.fill();
  await history.close();
  expect(notices.map(({ reason }) => reason)).toContain('HistoryNotClosed');
  expect(() => history.get('a')).toThrow(); // nothing of it is in memory any more
  expect(await onDisk(path)).toEqual(['a queued']);
});
