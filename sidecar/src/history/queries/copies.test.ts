import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { queuedRun } from '../../testing/history/exampleRun.ts';
import { inFile, newPath, openFor } from '../../testing/history/testDisk.ts';
import type { Notice } from '../durability/notice.ts';
import { migrate } from '../schema/schema.ts';
import { loadSqlite } from '../schema/sqlite.ts';
import { copiesOf, isCopyDue, needlessCopies } from './copies.ts';

const day = (number: number) => `/nkvm.db.copy-202611${String(number).padStart(2, '0')}T101112Z`;

it.each([
  ['there is none', [], true],
  ['there is one of today', [day(20), day(19)], false],
  ['the newest is of yesterday', [day(19)], true],
  ['the clock was set back since', [day(21)], true],
])('knows whether a copy is due when %s', (_, copies, isDue) => {
  expect(isCopyDue(copies, new Date('2026-11-20T23:59:59Z'))).toBe(isDue);
});

it.each([
  ['few', [day(3), day(2)], day(3), []],
  ['one too many', [day(4), day(3), day(2), day(1)], day(4), [day(1)]],
  ['one made with the clock set back', [day(4), day(3), day(2), day(1)], day(1), [day(2)]],
])('knows which copies are needless among %s', (_, copies, made, needless) => {
  expect(needlessCopies(copies, made)).toEqual(needless);
});

it('keeps one whole copy a day, and three of them', async () => {
  const path = newPath();
  for (const number of [10, 10, 11, 12, 13]) {
    const now = () => new Date(`2026-11-${number}T10:11:12Z`);
    const history = await openFor(path, { now });
    await history.add([queuedRun()]);
    await history.close();
  }
  const copies = await copiesOf(path);
  expect(copies).toEqual([13, 12, 11].map(number => dirname(path) + day(number)));
  expect(await Promise.all(copies.map(async copy => (await inFile(copy)).length))).toEqual([
    5, 4, 3,
  ]);
});

it('says that it could make no copy, and works on', async () => {
  const path = newPath();
  const notices: Notice[] = [];
  const now = () => new Date('2026-11-10T10:11:12Z');
  const history = await openFor(path, { now, onNotice: notice => notices.push(notice) });
  mkdirSync(`${path}.copy-20261110T101112Z.tmp`);
  await history.add([queuedRun({ id: 'a' })]);
  await history.close();
  expect(notices.map(({ reason }) => reason)).toEqual(['CopyNotKept']);
  expect(await inFile(path)).toEqual(['a queued']);
});

it('keeps a copy of a file of an earlier version before it changes it', async () => {
  const path = newPath();
  const old = await version1With('a');
  writeFileSync(path, old);
  const migrated = await openFor(path, { now: () => new Date('2027-01-01T00:00:00Z') });
  expect(migrated.get('a')?.id).toBe('a');
  expect(readFileSync(`${path}.copy-20270101T000000Z`).equals(old)).toBe(true);
});

/** @returns a file as the version made it that had no journal. */
async function version1With(id: string): Promise<Buffer> {
  const { Database } = await loadSqlite();
  const db = new Database();
  migrate(db, 1);
  db.run(
    `INSERT INTO backup_history (id, pvc_uid, namespace, pvc_name, status, message, created_at, requested_by, warnings, stages)
      VALUES (?, 'uid', 'shop', 'orders-db', 'failed', '', '2026-11-20T10:11:12.000Z', 'admin', '[]', '[]')`,
    [id]
  );
  const bytes = Buffer.from(db.export());
  db.close();
  return bytes;
}
