import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { exampleRun } from '../testing/history/exampleRun.ts';
import { afterKill, newPath, openFor } from '../testing/history/testDisk.ts';
import type { Notice } from './durability/notice.ts';
import { openHistory } from './openHistory.ts';
import { SCHEMA_VERSION } from './schema/schema.ts';
import { loadSqlite } from './schema/sqlite.ts';

/** @returns a whole history file that holds the run `a`. */
async function goodFile(): Promise<Buffer> {
  const path = newPath();
  const history = await openHistory(path);
  await history.add([exampleRun({ id: 'a' })]);
  await history.close();
  return readFileSync(path);
}

const { Database } = await loadSqlite();

function databaseWith(sql: string): Buffer {
  const db = new Database();
  db.exec(sql);
  const bytes = Buffer.from(db.export());
  db.close();
  return bytes;
}

const now = () => new Date('2026-11-20T10:11:12.345Z');

it('makes the file and its directories, for the service alone', async () => {
  const path = newPath('deeper', 'still');
  await openFor(path);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  const names = readdirSync(dirname(path));
  expect(names).toEqual(['nkvm.db', 'nkvm.db.changes-1']);
  for (const name of names) expect(statSync(join(dirname(path), name)).mode & 0o777).toBe(0o600);
});

it('keeps the mode when it writes again', async () => {
  const path = newPath();
  const history = await openFor(path);
  chmodSync(path, 0o644);
  await history.add([exampleRun()]);
  await history.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('takes away what a write that was cut off has left', async () => {
  const path = newPath();
  writeFileSync(path, await goodFile());
  for (const name of ['', '.copy-20261119T101112Z', '.changes-7']) {
    writeFileSync(`${path}${name}.tmp`, 'half a file');
  }
  await (await openFor(path)).close();
  expect(readdirSync(dirname(path))).toEqual(['nkvm.db']);
});

const hasSqlite3 = (() => {
  try {
    execFileSync('sqlite3', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

it.skipIf(!hasSqlite3)('can be asked with the sqlite3 command while it is open', async () => {
  const path = newPath();
  const history = await openFor(path, { checkpointDelayMs: 1 });
  const run = exampleRun({ createdAt: '2026-11-20T10:11:12.345Z' });
  await history.add([run]);
  const ask = (sql: string) => execFileSync('sqlite3', [path, sql], { encoding: 'utf8' }).trim();
  await expect.poll(() => ask('SELECT count(*) FROM backup_history')).toBe('1');
  expect(
    ask(
      'SELECT namespace, pvc_name, status, created_at, backup_path FROM backup_history ORDER BY created_at DESC LIMIT 20;'
    )
  ).toBe(`shop|orders-db|success|2026-11-20T10:11:12.345Z|${run.archive}`);
  expect(ask('SELECT id, pvc_uid, checksum_sha256, message FROM backup_history')).toBe(
    [run.id, run.uid, run.sha256, run.message].join('|')
  );
  expect(ask('SELECT raw_bytes, files FROM backup_history')).toBe('2160000000|50178');
  expect(ask('PRAGMA integrity_check; PRAGMA user_version; PRAGMA application_id;')).toBe(
    `ok\n${SCHEMA_VERSION}\n${0x4e4b564d}`
  );
});

it('writes after reading and reads after writing, however often', async () => {
  const history = await openFor(newPath());
  for (let round = 0; round < 20; round += 1) {
    const run = exampleRun();
    await history.add([run]);
    expect(history.get(run.id)).toEqual(run);
    expect(history.list({ limit: 50 }).backups).toHaveLength(round + 1);
  }
});

it.each<[string, (good: Buffer) => Buffer]>([
  ['cut in half', good => good.subarray(0, good.length / 2)],
  ['cut within its first page', good => good.subarray(0, 100)],
  ['empty', () => Buffer.alloc(0)],
  ['full of zeros', good => Buffer.alloc(good.length)],
  ['overwritten in the middle', good => Buffer.from(good).fill(0xff, 20_000, 40_000)],
  ['a text', () => Buffer.from('this is no database\n'.repeat(100))],
  ["somebody else's database", () => databaseWith('CREATE TABLE backup_history (id TEXT)')],
])('sets a file aside that is %s, says so, and begins anew', async (_, spoil) => {
  const path = newPath();
  const bytes = spoil(await goodFile());
  writeFileSync(path, bytes);
  const notices: Notice[] = [];
  const history = await openFor(path, { now, onNotice: notice => notices.push(notice) });
  const aside = `${path}.corrupt-20261120T101112Z`;
  expect(readFileSync(aside).equals(bytes)).toBe(true);
  expect(notices).toEqual([
    {
      reason: 'HistorySetAside',
      message: expect.stringContaining(`it was kept as ${aside}, and the history starts empty`),
      hint: expect.stringContaining('manifest'),
    },
  ]);
  expect(history.list({ limit: 1 }).backups).toEqual([]);
  await history.add([exampleRun({ id: 'new' })]);
  expect((await afterKill(path)).get('new')?.id).toBe('new');
});

it('never sets a file aside over an earlier one', async () => {
  const path = newPath();
  for (const contents of ['first', 'second', 'third']) {
    writeFileSync(path, contents);
    await (await openFor(path, { now })).close();
  }
  const aside = (ending: string) =>
    readFileSync(`${path}.corrupt-20261120T101112Z${ending}`, 'utf8');
  expect([aside(''), aside('-2'), aside('-3')]).toEqual(['first', 'second', 'third']);
});

it('says nothing of a file that is whole, and leaves it as it is', async () => {
  const path = newPath();
  const good = await goodFile();
  writeFileSync(path, good);
  const notices: Notice[] = [];
  const history = await openFor(path, { onNotice: notice => notices.push(notice) });
  expect(history.get('a')?.id).toBe('a');
  await history.close();
  expect(notices).toEqual([]);
  expect(readFileSync(path).equals(good)).toBe(true);
});

it('refuses a file of a later version, and does not touch it', async () => {
  const path = newPath();
  const version = SCHEMA_VERSION + 1;
  const later = databaseWith(
    `PRAGMA application_id = 0x4e4b564d; PRAGMA user_version = ${version}`
  );
  writeFileSync(path, later);
  await expect(openHistory(path)).rejects.toMatchObject({
    name: 'StageError',
    stage: 'queue',
    reason: 'HistoryTooNew',
    message: `history file ${path} has schema version ${version}; this NKVM knows up to ${SCHEMA_VERSION}`,
  });
  expect(readFileSync(path).equals(later)).toBe(true);
});

it('does not take a file for damaged that it could not read', async () => {
  const path = newPath();
  mkdirSync(path);
  await expect(openHistory(path)).rejects.toMatchObject({
    stage: 'queue',
    reason: 'HistoryFailed',
  });
  expect(readdirSync(dirname(path))).toEqual(['nkvm.db']);
});

it('says where it cannot write, before anybody relies on it', async () => {
  const file = newPath();
  writeFileSync(file, 'no directory');
  const path = join(file, 'nkvm.db');
  await expect(openHistory(path)).rejects.toMatchObject({
    stage: 'queue',
    reason: 'HistoryFailed',
    message: expect.stringContaining(`history file ${path} does not work`),
  });
});
