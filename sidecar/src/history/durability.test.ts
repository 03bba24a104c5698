import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { exampleRun, queuedRun } from './exampleRun.ts';
import type { HistoryOptions } from './openHistory.ts';
import { openHistory } from './openHistory.ts';
import { loadSqlite } from './sqlite.ts';
import type { FileCalls } from './wholeFile.ts';

function newPath(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-history-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'nkvm.db');
}

const { Database } = await loadSqlite();

/** What another program finds in the file at this moment: `id status bytes` of every run. */
function onDisk(path: string): string[] {
  const db = new Database(readFileSync(path));
  try {
    const [rows] = db.exec('SELECT id, status, bytes FROM backup_history ORDER BY id');
    return (rows?.values ?? []).map(values => values.join(' ').trim());
  } finally {
    db.close();
  }
}

/** A disk that can be told to be slow or full. The kernel itself says what a full one says. */
function testDisk() {
  let gate = Promise.resolve();
  let isFull = false;
  const disk = {
    writes: 0,
    files: {
      open: async (path, flags, mode) => {
        disk.writes += 1;
        const answersFull = isFull;
        await gate;
        return answersFull ? fs.open('/dev/full', 'w') : fs.open(path, flags, mode);
      },
      rename: fs.rename,
    } satisfies FileCalls as FileCalls,
    fill: () => (isFull = true),
    makeRoom: () => (isFull = false),
    /** @returns what lets the writes go on that wait from now on. */
    hold: () => {
      let letGo = () => {};
      gate = new Promise(resolve => (letGo = resolve));
      return letGo;
    },
  };
  return disk;
}

async function withDisk(options: HistoryOptions = {}) {
  const path = newPath();
  const disk = testDisk();
  const history = await openHistory(path, { files: disk.files, ...options });
  disk.writes = 0;
  return { path, disk, history };
}

it('gives back every field of a run after a restart', async () => {
  const path = newPath();
  const runs = [exampleRun({ id: 'a' }), queuedRun({ id: 'b', message: "größe 'x' \n 😀" })];
  await (await openHistory(path)).add(runs);
  const reopened = await openHistory(path);
  for (const run of runs) expect(reopened.get(run.id)).toEqual(run);
});

it('has a change on disk when its promise resolves', async () => {
  const path = newPath();
  const history = await openHistory(path);
  await history.add([queuedRun({ id: 'a' }), queuedRun({ id: 'b' })]);
  expect(onDisk(path)).toEqual(['a queued', 'b queued']);
  await history.commit('a', { status: 'running', bytes: 7 });
  expect(onDisk(path)).toEqual(['a running 7', 'b queued']);
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
  expect(onDisk(path)).toEqual(['a running 99']);
});

it('writes once for what is asked for in one turn', async () => {
  const { path, disk, history } = await withDisk();
  await Promise.all(['a', 'b', 'c'].map(id => history.add([queuedRun({ id })])));
  expect(disk.writes).toBe(1);
  expect(onDisk(path)).toHaveLength(3);
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
  expect(onDisk(path)).toEqual(['a success 2']);
});

it('says that the disk is full, keeps the old file whole, and takes the change later', async () => {
  const { path, disk, history } = await withDisk();
  await history.add([queuedRun({ id: 'a' })]);
  const before = readFileSync(path);
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
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(readdirSync(join(path, '..'))).toEqual(['nkvm.db']);
  expect(history.get('a')?.status).toBe('queued');
  expect(history.get('b')).toBeUndefined();
  disk.makeRoom();
  await history.add([queuedRun({ id: 'b' })]);
  await history.commit('a', { status: 'running' });
  expect(onDisk(path)).toEqual(['a running', 'b queued']);
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
  const ends = await Promise.allSettled([refused, ofRefused, taken]);
  expect(ends.map(end => (end.status === 'rejected' ? end.reason.message : 'done'))).toEqual([
    `disk of the history file ${path} is full`,
    'run refused is not in the history',
    'done',
  ]);
  expect(onDisk(path)).toEqual(['taken queued']);
});

it('keeps the old file when the new one cannot take its place', async () => {
  const path = newPath();
  const history = await openHistory(path);
  await history.add([queuedRun({ id: 'a' })]);
  const rename = async () => {
    throw Object.assign(new Error('EROFS: read-only file system, rename'), { code: 'EROFS' });
  };
  const broken = await openHistory(path, { files: { open: fs.open, rename } });
  await expect(broken.commit('a', { bytes: 1 })).rejects.toMatchObject({
    reason: 'HistoryNotWritable',
    message: `history file ${path} cannot be read and written (EROFS)`,
  });
  expect(onDisk(path)).toEqual(['a queued']);
  expect(readdirSync(join(path, '..'))).toEqual(['nkvm.db']);
});

it('shows a note at once, and puts it on disk soon', async () => {
  const { path, history } = await withDisk({ noteDelayMs: 5 });
  await history.add([queuedRun({ id: 'a' })]);
  history.note('a', { bytes: 1 });
  history.note('a', { bytes: 2 });
  expect(history.get('a')?.bytes).toBe(2);
  expect(history.list({ limit: 1 }).backups[0]?.bytes).toBe(2);
  expect(onDisk(path)).toEqual(['a queued']);
  await expect.poll(() => onDisk(path)).toEqual(['a queued 2']);
});

it('puts a note on disk with the next commit, whichever run that is of', async () => {
  const { path, disk, history } = await withDisk({ noteDelayMs: 60_000 });
  await history.add([queuedRun({ id: 'a' }), queuedRun({ id: 'b' })]);
  history.note('a', { bytes: 1 });
  await history.commit('b', { status: 'running' });
  expect(onDisk(path)).toEqual(['a queued 1', 'b running']);
  const written = disk.writes;
  await history.close();
  expect(disk.writes).toBe(written);
});

it('puts a note on disk when it closes', async () => {
  const { path, history } = await withDisk({ noteDelayMs: 60_000 });
  await history.add([queuedRun({ id: 'a' })]);
  history.note('a', { bytes: 1 });
  await history.close();
  expect(onDisk(path)).toEqual(['a queued 1']);
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
  expect(history.get('a')).toMatchObject({ status: 'queued', bytes: null });
  letGo();
  await committing;
  expect(history.get('a')).toMatchObject({ status: 'running', stage: 'copy', bytes: 2 });
  await history.close();
  expect(onDisk(path)).toEqual(['a running 2']);
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

it('does not close as if all were well when the disk is full', async () => {
  const { disk, history } = await withDisk({ noteDelayMs: 60_000 });
  await history.add([queuedRun({ id: 'a' })]);
  history.note('a', { bytes: 1 });
  disk.fill();
  await expect(history.close()).rejects.toMatchObject({ reason: 'HistoryFull' });
  disk.makeRoom();
  await history.close();
});
