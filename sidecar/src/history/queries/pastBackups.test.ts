import { expect, it } from 'vitest';
import type { Backup } from '../../../api/index.ts';
import { exampleRun, queuedRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';

const CLAIM = { namespace: 'shop', name: 'orders-db', uid: 'uid-1' };
const at = (day: number) => `2026-11-${String(day).padStart(2, '0')}T10:00:00.000Z`;
const run = (id: string, day: number, change: Partial<Backup> = {}) =>
  exampleRun({ id, ...CLAIM, createdAt: at(day), ...change });

it('finds the backups of a claim since a time, newest first', async () => {
  const history = await openFor(newPath());
  await history.add([
    run('a', 1),
    run('b', 2),
    run('c', 3, { status: 'failed', priority: 'scheduled', copies: [] }),
    queuedRun({ id: 'd', ...CLAIM, createdAt: at(4) }),
    run('e', 3, { name: 'other' }),
    run('f', 3, { namespace: 'billing' }),
    run('g', 3, { uid: 'uid-of-the-claim-before' }),
  ]);
  expect(history.backupsSince(CLAIM, at(2))).toEqual([
    { id: 'd', createdAt: at(4), status: 'queued', priority: 'on-demand' },
    { id: 'c', createdAt: at(3), status: 'failed', priority: 'scheduled' },
    { id: 'b', createdAt: at(2), status: 'success', priority: 'on-demand' },
  ]);
  await history.commit('d', { status: 'cancelled' });
  expect(history.backupsSince(CLAIM, at(4)).map(({ status }) => status)).toEqual(['cancelled']);
});

it('leaves out restores and checks', async () => {
  const history = await openFor(newPath());
  await history.add([run('a', 1, { kind: 'verify' })]);
  expect(history.backupsSince(CLAIM, at(1))).toEqual([]);
});
