import { expect, it } from 'vitest';
import { exampleRun, queuedRun } from '../../testing/history/exampleRun.ts';
import {
  afterKill,
  inFile,
  newPath,
  onDisk,
  openFor,
  withDisk,
} from '../../testing/history/testDisk.ts';

const runs = [exampleRun({ id: 'a' }), queuedRun({ id: 'b', message: "größe 'x' \n \u2028 😀" })];

it('gives back every field of a run after a restart', async () => {
  const path = newPath();
  const history = await openFor(path);
  await history.add(runs);
  await history.close();
  const reopened = await openFor(path);
  for (const run of runs) expect(reopened.get(run.id)).toEqual(run);
});

it('gives back every field of a run after a kill', async () => {
  const { path, history } = await withDisk();
  await history.add(runs);
  const reopened = await afterKill(path);
  for (const run of runs) expect(reopened.get(run.id)).toEqual(run);
});

it('keeps what it took from the journal when it is killed again at once', async () => {
  const { path, history } = await withDisk();
  await history.add(runs);
  await openFor(path);
  expect(await inFile(path)).toHaveLength(2);
  expect(await onDisk(path)).toHaveLength(2);
});

it('has a change on disk when its promise resolves', async () => {
  const { path, history } = await withDisk();
  await history.add([queuedRun({ id: 'a' }), queuedRun({ id: 'b' })]);
  expect(await onDisk(path)).toEqual(['a queued', 'b queued']);
  await history.commit('a', { status: 'running', bytes: 7 });
  expect(await onDisk(path)).toEqual(['a running 7', 'b queued']);
});

it('brings a change into the file soon', async () => {
  const { path, history } = await withDisk({ checkpointDelayMs: 5 });
  await history.add([queuedRun({ id: 'a' })]);
  await expect.poll(() => inFile(path)).toEqual(['a queued']);
  await history.commit('a', { status: 'running', bytes: 7 });
  await expect.poll(() => inFile(path)).toEqual(['a running 7']);
});

it('shows a change to nobody before it is on disk', async () => {
  const { disk, history } = await withDisk();
  await history.add([queuedRun({ id: 'a' })]);
  const letGo = disk.hold();
  const adding = history.add([queuedRun({ id: 'b' })]);
  const committing = history.commit('a', { status: 'success' });
  await expect.poll(() => disk.writes).toBe(2);
  expect(history.get('a')?.status).toBe('queued');
  expect(history.get('b')).toBeUndefined();
  expect(history.list({ limit: 9, status: 'success' }).backups).toEqual([]);
  expect(history.unfinished().map(({ id }) => id)).toEqual(['a']);
  letGo();
  await Promise.all([adding, committing]);
  expect(history.get('a')?.status).toBe('success');
  expect(history.get('b')?.status).toBe('queued');
});

it('writes changes together that arrive while it is writing', async () => {
  const { path, disk, history } = await withDisk();
  await history.add([queuedRun({ id: 'a' })]);
  const letGo = disk.hold();
  const first = history.commit('a', { status: 'running' });
  await expect.poll(() => disk.writes).toBe(2);
  const rest = Array.from({ length: 100 }, (_, index) => history.commit('a', { bytes: index }));
  letGo();
  await Promise.all([first, ...rest]);
  expect(disk.writes).toBe(3);
  expect(await onDisk(path)).toEqual(['a running 99']);
});

it('writes once for what is asked for in one turn', async () => {
  const { path, disk, history } = await withDisk();
  await Promise.all(['a', 'b', 'c'].map(id => history.add([queuedRun({ id })])));
  expect(disk.writes).toBe(1);
  expect(await onDisk(path)).toHaveLength(3);
});

it('keeps the order of changes of one run, and what they leave out', async () => {
  const { history } = await withDisk();
  await Promise.all([
    history.add([queuedRun({ id: 'a' })]),
    history.commit('a', { status: 'running', stage: 'copy', bytes: 1 }),
    history.commit('a', { bytes: 2, hint: undefined }),
  ]);
  expect(history.get('a')).toMatchObject({
    status: 'running',
    stage: 'copy',
    bytes: 2,
    hint: null,
  });
});

it('refuses alone what is wrong in a group of changes', async () => {
  const { path, history } = await withDisk();
  await history.add([exampleRun({ id: 'a', bytes: 1 })]);
  const ends = await Promise.allSettled([
    history.add([queuedRun({ id: 'b' }), queuedRun({ id: 'a' })]),
    history.add([queuedRun({ id: 'c' }), queuedRun({ id: 'c' })]),
    history.add([{ ...queuedRun({ id: 'd' }), createdAt: 'yesterday' }]),
    history.commit('a', { bytes: 1.5 }),
    history.commit('nobody', { bytes: 2 }),
    history.commit('a', { bytes: 2 }),
  ]);
  expect(ends.map(end => (end.status === 'rejected' ? end.reason.message : 'done'))).toEqual([
    'run a is in the history already',
    'run c is in the history already',
    expect.stringContaining('createdAt'),
    expect.stringContaining('bytes'),
    'run nobody is not in the history',
    'done',
  ]);
  expect(await onDisk(path)).toEqual(['a success 2']);
});
