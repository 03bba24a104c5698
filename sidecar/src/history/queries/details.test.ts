import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  exampleCheck,
  exampleRestore,
  exampleRestoreDetails,
} from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { afterKill, newPath, openFor, withDisk } from '../../testing/history/testDisk.ts';
import { loadSqlite } from '../schema/sqlite.ts';
import type { RunDetails } from './details.ts';
import { detailsWithin, readDetails } from './details.ts';

const { Database } = await loadSqlite();

/** Changes a history's file as another program, or a later version, would. */
function change(path: string, sql: string): void {
  const db = new Database(readFileSync(path));
  db.exec(sql);
  writeFileSync(path, db.export());
  db.close();
}

describe('a run with details', () => {
  it('has them in the journal, and in the file', async () => {
    const { path, history } = await withDisk();
    const runs = [exampleRestore(), exampleCheck('verify'), exampleCheck('drill')];
    await history.add(runs);
    const killed = await afterKill(path);
    expect(runs.map(({ id }) => killed.get(id)?.details)).toEqual(runs.map(run => run.details));
    await history.close();
    const again = await openFor(path);
    expect(runs.map(({ id }) => again.get(id)?.details)).toEqual(runs.map(run => run.details));
  });

  it('keeps what changes in them, and a backup has none', async () => {
    const { history } = await withDisk();
    await history.add([exampleRestore({ id: 'r', uid: '' }), exampleRun({ id: 'b' })]);
    await history.commit('r', {
      uid: 'uid-new',
      details: exampleRestoreDetails({ safetyBackupId: 'b' }),
    });
    expect(history.get('r')).toMatchObject({ uid: 'uid-new', details: { safetyBackupId: 'b' } });
    expect(Object.keys(history.get('b') ?? {})).not.toContain('details');
  });

  it('shows progress in them at once', async () => {
    const { history } = await withDisk();
    await history.add([exampleRestore({ id: 'r', status: 'running' })]);
    history.note('r', { details: exampleRestoreDetails({ totalBytes: 7 }) });
    expect(history.get('r')?.details).toMatchObject({ totalBytes: 7 });
    await history.commit('r', { details: exampleRestoreDetails({ totalBytes: 8 }) });
    expect(history.get('r')?.details).toMatchObject({ totalBytes: 8 });
  });

  it('refuses what is not of their shape: a fault of ours', async () => {
    const { history } = await withDisk();
    const details = { ...exampleRestoreDetails(), more: 1 } as RunDetails;
    await expect(history.add([exampleRestore({ details })])).rejects.toThrow('more');
  });
});

describe('details that cannot be read', () => {
  it.each([
    ['are of a shape that only a later version knows', '{"kind":"restore","archive":7}'],
    ['are of another kind of run', '{"kind":"verify","backup":"x","totalBytes":null}'],
    ['are of a kind that only a later version knows', '{"kind":"sync"}'],
  ])('%s: the run is shown, and they stay when it changes', async (_, json) => {
    const path = newPath();
    const history = await openFor(path);
    await history.add([exampleRestore({ id: 'r', status: 'running' })]);
    await history.close();
    change(path, `UPDATE runs SET details = '${json}'`);
    const again = await openFor(path);
    expect(again.get('r')).toMatchObject({ id: 'r', kind: 'restore' });
    expect(again.get('r')?.details).toBeUndefined();
    await again.commit('r', { status: 'failed', message: 'it is too new' });
    await again.close();
    const db = new Database(readFileSync(path));
    expect(db.exec('SELECT details, status FROM runs')[0]?.values).toEqual([[json, 'failed']]);
    db.close();
  });

  it('are nothing where they are not JSON', () => expect(readDetails('{')).toBeUndefined());

  it('lack a part: it is taken for the less good case', () => {
    const { backup, archive, destination, target } = exampleRestoreDetails();
    const known = { kind: 'restore', backup, archive, destination, target, paths: null };
    expect(readDetails(JSON.stringify({ ...known, more: 1 }))).toMatchObject({
      ...known,
      steps: [],
      comparison: null,
      hasBegunToWrite: true,
    });
  });
});

it('cuts lists and texts, whatever happened', () => {
  const long = 'x'.repeat(5_000);
  const comparison = {
    entries: 1_000,
    bytes: 0,
    differences: 1_000,
    examples: Array.from({ length: 1_000 }, () => long),
    notRestored: (['owner', 'mode', 'time', 'xattr', 'acl'] as const).map(kind => ({
      kind,
      count: 1_000,
      names: Array.from({ length: 1_000 }, () => long),
    })),
    leftOver: 0,
  };
  const output = `${'é'.repeat(5_000)}last line`;
  const restore = exampleRestoreDetails({
    comparison,
    steps: [{ step: 'write', state: 'failed', message: long }],
  });
  const { details: drill } = exampleCheck('drill', {}, { comparison, output });
  for (const details of [restore, drill as RunDetails]) {
    const within = detailsWithin(details);
    expect(JSON.stringify(within).length).toBeLessThan(10_000);
    expect(within).toMatchObject({ comparison: { differences: 1_000 } });
    expect(readDetails(JSON.stringify(within))).toEqual(within);
  }
  expect(detailsWithin(drill as RunDetails)).toMatchObject({
    output: expect.stringMatching(/^é.*last line$/),
  });
});

describe('lists', () => {
  const runs = [
    exampleRun({ id: 'a', createdAt: '2026-11-20T10:00:00.000Z' }),
    exampleRestore({ id: 'b', createdAt: '2026-11-20T11:00:00.000Z' }, { backup: 'a' }),
    exampleCheck('verify', { id: 'c', createdAt: '2026-11-20T12:00:00.000Z' }, { backup: 'a' }),
    exampleCheck('drill', { id: 'd', createdAt: '2026-11-20T13:00:00.000Z' }, { backup: 'x' }),
    exampleRestore({ id: 'e', createdAt: '2026-11-20T14:00:00.000Z', namespace: 'other' }),
  ];
  const ids = (found: readonly { id: string }[]) => found.map(({ id }) => id).join('');

  it('have backups alone, unless they are asked for other kinds', async () => {
    const { history } = await withDisk();
    await history.add(runs);
    const list = (...more: Parameters<typeof history.list>) => ids(history.list(...more).backups);
    expect(list({ limit: 50 })).toBe('a');
    expect(list({ limit: 50 }, undefined, ['restore'])).toBe('eb');
    expect(list({ limit: 50 }, new Map([['shop', undefined]]), ['restore'])).toBe('b');
    expect(list({ limit: 50, namespace: 'other' }, undefined, ['restore'])).toBe('e');
    expect(list({ limit: 50 }, undefined, ['verify', 'drill'])).toBe('dc');
    expect(list({ limit: 50 }, undefined, ['backup', 'drill'])).toBe('da');
  });

  it('of restores look at no backup, and go on where a page ends', async () => {
    const { history } = await withDisk({ maxScan: 2 });
    await history.add([...runs, ...Array.from({ length: 20 }, () => exampleRun())]);
    const first = history.list({ limit: 1 }, undefined, ['restore']);
    expect(ids(first.backups)).toBe('e');
    const cursor = String(first.nextCursor);
    const second = history.list({ limit: 1, cursor }, undefined, ['restore']);
    expect(ids(second.backups) || second.nextCursor).toBeTruthy();
  });

  it('have what reads a backup, newest first', async () => {
    const { history } = await withDisk();
    await history.add(runs);
    expect(ids(history.ofBackup('a', 50))).toBe('cb');
    expect(ids(history.ofBackup('a', 1))).toBe('c');
  });
});

it('has a view of restores, for other programs', async () => {
  const { path, history } = await withDisk();
  await history.add([
    exampleRun({ id: 'a' }),
    exampleRestore({ id: 'b' }, { backup: 'a', undoOf: 'z' }),
    exampleCheck('drill', { id: 'c' }),
  ]);
  await history.close();
  const db = new Database(readFileSync(path));
  const rows = db.exec(
    `SELECT id, namespace, pvc_name, pvc_uid, status, backup_id, archive, mode, differences, bytes, undo_of,
       message IS NOT NULL, reason, stage, created_at, started_at, ended_at, requested_by FROM restore_history`
  )[0]?.values;
  expect(rows).toHaveLength(1);
  expect(rows?.[0]?.slice(0, 9)).toEqual([
    'b',
    'shop',
    'orders-db-2',
    'uid-orders-db-2',
    'success',
    'a',
    'kind__shop__orders-db__20261120T101112Z__01kbackup.tar.gz',
    'new',
    0,
  ]);
  expect(db.exec('SELECT id FROM backup_history')[0]?.values).toEqual([['a']]);
  db.close();
});
