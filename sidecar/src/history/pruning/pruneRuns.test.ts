import { expect, it } from 'vitest';
import type { Backup, Copy } from '../../../api/index.ts';
import { exampleCheck, exampleRestore } from '../../testing/history/exampleRestore.ts';
import { exampleRun, queuedRun } from '../../testing/history/exampleRun.ts';
import { afterKill, newPath, openFor } from '../../testing/history/testDisk.ts';
import type { History, RunRecord } from '../history.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-20T10:00:00.000Z');
const now = () => new Date(NOW);
const daysAgo = (days: number) => new Date(NOW - days * DAY).toISOString();
const RULES = { keepMs: 400 * DAY, keepOthersMs: 90 * DAY, maxRuns: 1_000 };
const ALL_EXIST = { ...RULES, claimExists: () => true, areGone: () => Promise.resolve(true) };

const backup = (id: string, days: number, state: Copy['state'], change: object = {}): RunRecord => {
  const run = exampleRun({ id, createdAt: daysAgo(days), ...change });
  return { ...run, copies: run.copies.map(copy => ({ ...copy, state })) };
};

const idsOf = (history: History) =>
  history
    .list({ limit: 500 }, undefined, ['backup', 'restore', 'verify', 'drill', 'copy'])
    .backups.map(({ id }) => id)
    .sort();

async function historyWith(runs: RunRecord[]) {
  const path = newPath();
  const history = await openFor(path, { now, checkpointDelayMs: 600_000 });
  await history.add(runs);
  return { path, history };
}

it('deletes aged runs without an archive, and says until when the history has gaps', async () => {
  const { history } = await historyWith([
    backup('aged', 500, 'deleted'),
    backup('present', 900, 'present'),
    backup('young', 300, 'deleted'),
    exampleRun({ id: 'failed', createdAt: daysAgo(100), status: 'failed', copies: [] }),
    queuedRun({ id: 'queued', createdAt: daysAgo(700) }),
    backup('newest', 0, 'present'),
  ]);
  expect(history.prunedUntil()).toBeNull();
  expect(await history.prune(ALL_EXIST)).toEqual({ old: 2, spare: 0 });
  expect(idsOf(history)).toEqual(['newest', 'present', 'queued', 'young']);
  expect(history.get('aged')).toBeUndefined();
  expect(history.prunedUntil()).toBe(daysAgo(100));
  expect(await history.prune(ALL_EXIST)).toEqual({ old: 0, spare: 0 });
});

it('keeps the newest backup and the last good one of each claim, until the claim is gone', async () => {
  const failed: Partial<Backup> = { status: 'failed', name: 'b', copies: [] };
  const { history } = await historyWith([
    backup('b-good', 600, 'deleted', { name: 'b' }),
    exampleRun({ id: 'b-1', createdAt: daysAgo(560), ...failed }),
    exampleRun({ id: 'b-2', createdAt: daysAgo(550), ...failed }),
    backup('c', 0, 'present', { name: 'c' }),
  ]);
  await history.prune(ALL_EXIST);
  expect(idsOf(history)).toEqual(['b-2', 'b-good', 'c']);
  await history.prune({ ...ALL_EXIST, claimExists: ({ name }) => name !== 'b' });
  expect(idsOf(history)).toEqual(['c']);
  const { uid, namespace } = exampleRun();
  expect(history.ofClaim(uid, namespace, 'b')).toMatchObject({
    lastBackup: null,
    lastSuccess: null,
  });
});

it('keeps the last proven restore of a claim, with the backup that it restored', async () => {
  const drill = (id: string, days: number, of: string) =>
    exampleCheck(
      'drill',
      { id, createdAt: daysAgo(days), endedAt: daysAgo(days), status: 'success' },
      { backup: of }
    );
  const { history } = await historyWith([
    backup('a', 800, 'deleted'),
    drill('drill-1', 790, 'a'),
    drill('drill-2', 780, 'a'),
    backup('newest', 0, 'present'),
  ]);
  await history.prune(ALL_EXIST);
  expect(idsOf(history)).toEqual(['a', 'drill-2', 'newest']);
  const { uid, namespace, name } = exampleRun();
  expect(history.ofClaim(uid, namespace, name).lastProvenRestore?.backup).toBe('a');
});

it('keeps the newest restore of a claim that has archives: they are told by it', async () => {
  const restore = (id: string, days: number) =>
    exampleRestore(
      { id, uid: 'uid-2', createdAt: daysAgo(days), endedAt: daysAgo(days), status: 'success' },
      { backup: 'a', paths: ['x'] }
    );
  const { history } = await historyWith([
    backup('a', 800, 'deleted'),
    restore('r1', 700),
    restore('r2', 690),
    backup('of-2', 600, 'present', { uid: 'uid-2', name: restore('x', 1).name }),
    backup('newest', 0, 'present'),
  ]);
  await history.prune({ ...ALL_EXIST, claimExists: () => false });
  expect(idsOf(history)).toEqual(['a', 'newest', 'of-2', 'r2']);
});

it('deletes the oldest above the maximum, and never an archive that is present', async () => {
  const days = Array.from({ length: 30 }, (_, index) => 30 - index);
  const { history } = await historyWith([
    ...days.map(each => backup(`d${String(each).padStart(2, '0')}`, each, 'deleted')),
    ...days.map(each => backup(`p${String(each).padStart(2, '0')}`, each, 'present')),
  ]);
  expect(await history.prune({ ...ALL_EXIST, maxRuns: 10 })).toEqual({ old: 0, spare: 20 });
  const left = idsOf(history);
  expect(left.filter(id => id.startsWith('p'))).toHaveLength(30);
  expect(left.filter(id => id.startsWith('d'))).toEqual(
    days
      .slice(20)
      .reverse()
      .map(each => `d${String(each).padStart(2, '0')}`)
  );
});

it('loses nothing when the clock has jumped, because ages are counted from the newest run', async () => {
  const path = newPath();
  const history = await openFor(path, { now: () => new Date(NOW + 10_000 * DAY) });
  await history.add([backup('old', 300, 'deleted'), backup('newest', 0, 'present')]);
  expect(await history.prune(ALL_EXIST)).toEqual({ old: 0, spare: 0 });
});

it('has pruned on disk what it has pruned, by the journal and by the file', async () => {
  const { path, history } = await historyWith([
    backup('aged', 500, 'deleted'),
    backup('newest', 0, 'present'),
  ]);
  await history.prune(ALL_EXIST);
  const killed = await afterKill(path);
  expect(idsOf(killed)).toEqual(['newest']);
  expect(killed.prunedUntil()).toBe(daysAgo(500));
  await history.close();
  const again = await openFor(path, { now });
  expect(idsOf(again)).toEqual(['newest']);
  expect(again.prunedUntil()).toBe(daysAgo(500));
});

it('leaves a run alone that has changed since it was looked at', async () => {
  const { history } = await historyWith([
    backup('aged', 500, 'missing'),
    backup('newest', 0, 'present'),
  ]);
  const found = history.commit('aged', {
    copies: backup('aged', 500, 'present').copies,
  });
  await Promise.all([found, history.prune(ALL_EXIST)]);
  expect(idsOf(history)).toEqual(['aged', 'newest']);
});

it('keeps a run whose deleted archive may still have its manifest', async () => {
  const { history } = await historyWith([
    backup('aged', 500, 'deleted'),
    backup('leftover', 500, 'deleted'),
    backup('newest', 0, 'present'),
  ]);
  const areGone = (copies: { key: string }[]) =>
    Promise.resolve(!copies.some(({ key }) => key.includes('leftover')));
  expect(await history.prune({ ...ALL_EXIST, areGone })).toEqual({ old: 1, spare: 0 });
  expect(idsOf(history)).toEqual(['leftover', 'newest']);
});
