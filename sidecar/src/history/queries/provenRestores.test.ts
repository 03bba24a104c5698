import { expect, it } from 'vitest';
import { exampleCheck, exampleRestore } from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { openFor, withDisk } from '../../testing/history/testDisk.ts';
import type { RunRecord } from '../history.ts';
import { provenBackup } from './provenRestores.ts';

const differs = {
  entries: 1,
  bytes: 1,
  differences: 1,
  examples: [],
  notRestored: [],
  leftOver: 0,
};

it.each<[string, RunRecord, string | undefined]>([
  ['a drill without a difference', exampleCheck('drill'), '01kbackup'],
  ['a restore of everything', exampleRestore(), '01kbackup'],
  ['a restore of a part', exampleRestore({}, { paths: ['a'] }), undefined],
  ['a restore that was not compared', exampleRestore({}, { comparison: null }), undefined],
  ['a drill with a difference', exampleCheck('drill', {}, { comparison: differs }), undefined],
  ['a drill that failed', exampleCheck('drill', { status: 'failed' }), undefined],
  ['a verification, which restores nothing', exampleCheck('verify'), undefined],
  ['a backup', exampleRun(), undefined],
])('%s proves that a backup can be restored, or not', (_, run, expected) => {
  expect(provenBackup(run)).toBe(expected);
});

it('says of a backup and of its claim when that was, also after a restart', async () => {
  const { path, history } = await withDisk();
  const backup = exampleRun({ id: 'a' });
  const drill = (id: string, endedAt: string) =>
    exampleCheck('drill', { id, endedAt, status: 'success' }, { backup: 'a' });
  await history.add([
    backup,
    drill('c', '2026-11-22T10:00:00.000Z'),
    drill('b', '2026-11-21T10:00:00.000Z'),
    exampleRun({ id: 'other' }),
  ]);
  const proof = { at: '2026-11-22T10:00:00.000Z', backup: 'a', check: 'c', kind: 'drill' };
  const { uid, namespace, name } = backup;
  const look = (of: typeof history) => {
    expect(of.get('a')?.provenRestorableAt).toBe(proof.at);
    expect(of.get('other')?.provenRestorableAt).toBeNull();
    expect(of.ofClaim(uid, namespace, name).lastProvenRestore).toEqual(proof);
    expect(of.ofClaim('uid-new', namespace, name).lastProvenRestore).toBeNull();
  };
  look(history);
  await history.close();
  look(await openFor(path));
});

it('knows it as soon as the drill has ended', async () => {
  const { history } = await withDisk();
  const running = exampleCheck(
    'drill',
    { id: 'b', status: 'running', endedAt: null },
    { backup: 'a' }
  );
  await history.add([exampleRun({ id: 'a' }), running]);
  expect(history.get('a')?.provenRestorableAt).toBeNull();
  await history.commit('b', { status: 'success', endedAt: '2026-11-22T10:00:00.000Z' });
  expect(history.get('a')?.provenRestorableAt).toBe('2026-11-22T10:00:00.000Z');
});

it('has nothing on an archive that the history does not have', async () => {
  const { history } = await withDisk();
  await history.add([exampleRestore({ id: 'r' }, { backup: 'archive:x.tar.gz' })]);
  const { uid, namespace, name } = exampleRun();
  expect(history.ofClaim(uid, namespace, name).lastProvenRestore).toBeNull();
});

it('says when the newest check of a claim failed, until one succeeds', async () => {
  const { path, history } = await withDisk();
  const claim = exampleRun();
  const endedAt = '2026-11-22T10:00:00.000Z';
  await history.add([
    exampleCheck('drill', { id: 'a' }),
    exampleCheck('drill', { id: 'b', status: 'failed', endedAt }),
    exampleCheck('drill', { id: 'c', status: 'cancelled' }),
    exampleCheck('drill', { id: 'd', status: 'running', endedAt: null }),
    exampleCheck('verify', { id: 'e' }),
  ]);
  expect(history.checkFailure('drill', claim)).toBe(endedAt);
  expect(history.checkFailure('verify', claim)).toBeNull();
  expect(history.checkFailure('drill', { ...claim, uid: 'another' })).toBeNull();
  await history.close();
  const again = await openFor(path);
  expect(again.checkFailure('drill', claim)).toBe(endedAt);
  await again.commit('d', { status: 'success', endedAt });
  expect(again.checkFailure('drill', claim)).toBeNull();
});
