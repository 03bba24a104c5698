import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Copy } from '../../../api/index.ts';
import { Backup } from '../../../api/index.ts';
import { exampleCopy } from '../../testing/history/exampleCopy.ts';
import { exampleRestore } from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import { writeRecord } from '../durability/journalRecord.ts';
import type { Notice } from '../durability/notice.ts';
import { EntryWriter } from '../queries/entries.ts';
import { entriesOf } from '../queries/row.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { loadSqlite } from './sqlite.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const { Database } = await loadSqlite();

/** @returns a path with what schema version 3 left there. */
function schema3(parts: { withJournal: boolean }): string {
  const path = newPath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, gunzipSync(readFileSync(join(FIXTURES, 'schema-3.db.gz'))));
  if (parts.withJournal) {
    copyFileSync(join(FIXTURES, 'schema-3.changes-2'), `${path}.changes-2`);
  }
  return path;
}

const id = (letter: string) => `01k9a2b3c4d5e6f7g8h9jkmnp${letter}`;

async function open(path: string) {
  const notices: Notice[] = [];
  const history = await openFor(path, {
    destinations: [],
    onNotice: notice => notices.push(notice),
  });
  return { history, notices };
}

it('reads every run of an older file and its journal, as the API has them', async () => {
  const { history, notices } = await open(schema3({ withJournal: true }));
  expect(notices).toEqual([]);
  const { backups } = history.list({ limit: 50 });
  expect(backups.map(run => `${run.id.at(-1)} ${run.status}`)).toEqual([
    'f success',
    'e queued',
    'd cancelled',
    'c failed',
    'b success',
    'a success',
  ]);
  for (const run of backups) expect(Backup.parse(run)).toEqual(run);
  expect(history.unfinished().map(run => run.id)).toEqual([id('e')]);
  expect(history.get(id('e'))).toMatchObject({
    attempt: 2,
    priority: 'scheduled',
    retryAt: '2026-11-20T10:09:00.000Z',
    failureClass: null,
  });
});

it('makes a copy of what was the path of an archive', async () => {
  const path = schema3({ withJournal: true });
  const { history } = await open(path);
  const archives = ['a', 'b', 'c', 'f'].map(letter => history.get(id(letter))?.archive);
  expect(archives).toEqual([
    `/var/lib/nkvm/backups/kind__shop__orders-db__20261120T101112Z__${id('a')}.tar.gz`,
    `/mnt/old backups/kind__shop__files__20261120T100200Z__${id('b')}.tar.gz`,
    null,
    `/var/lib/nkvm/backups/kind__shop__orders-db__20261120T101112Z__${id('f')}.tar.gz`,
  ]);
  expect(history.get(id('f'))?.copies).toEqual([
    exampleCopy({
      destination: 'local',
      key: `kind__shop__orders-db__20261120T101112Z__${id('f')}.tar.gz`,
      bytes: 1_213_456_789,
      provenAt: '2026-11-20T10:06:12.345Z',
    }),
  ]);
  expect(history.get(id('b'))?.copies[0]?.destination).toBe('local-2');
});

it('keeps a few of tar’s lines, once, and none in what everyone may read', async () => {
  const { history } = await open(schema3({ withJournal: false }));
  const fat = history.get(id('a'));
  expect(fat?.warnings).toEqual(['some files changed while they were read']);
  expect(fat?.tarMessages).toHaveLength(5);
  expect(fat?.warningCount).toBe(50);
  expect(JSON.stringify(fat?.seal)).not.toContain('pgdata');
  expect(fat?.seal).toMatchObject({
    bytes: 1_213_456_789,
    omitted: { sockets: 0, trustedXattrs: null, attributeFlags: null, longPaths: 0 },
  });
  expect(history.get(id('c'))?.message).toBe('tar ended with exit code 2');
  expect(history.get(id('d'))?.warnings).toEqual(['a temporary file stays: EIO']);
});

it('gives a run that came back from its manifest an end, so that its claim can be overdue', async () => {
  const { history } = await open(schema3({ withJournal: false }));
  expect(history.get(id('b'))?.endedAt).toBe('2026-11-20T10:02:00.000Z');
  expect(history.ofClaim('uid-files', 'shop', 'files').lastSuccess?.endedAt).toBe(
    '2026-11-20T10:02:00.000Z'
  );
});

it('keeps a copy of the file of the older version, with its journal', async () => {
  const path = schema3({ withJournal: true });
  await open(path);
  const copy = readdirSync(dirname(path)).find(name => name.includes('.copy-')) ?? '';
  const db = new Database(readFileSync(join(dirname(path), copy)));
  expect(db.exec('PRAGMA user_version')[0]?.values).toEqual([[3]]);
  expect(db.exec('SELECT count(*) FROM backup_history')[0]?.values).toEqual([[6]]);
  db.close();
});

it('migrates once: the next start finds the file as it is now', async () => {
  const path = schema3({ withJournal: true });
  const { history } = await open(path);
  const before = history.list({ limit: 50 });
  await history.close();
  const again = await open(path);
  expect(again.history.list({ limit: 50 })).toEqual(before);
});

const COLUMNS =
  'id pvc_uid namespace pvc_name status backup_path checksum_sha256 message created_at started_at ended_at stage ' +
  'reason hint bytes requested_by warnings stages seal helper raw_bytes files priority attempt retry_at';

it('has a view with the columns that the table had', async () => {
  const path = schema3({ withJournal: true });
  const { history } = await open(path);
  await history.close();
  const db = new Database(readFileSync(path));
  const rows = (sql: string) => db.exec(sql)[0]?.values ?? [];
  expect(rows("SELECT name FROM pragma_table_info('backup_history')").flat()).toEqual(
    COLUMNS.split(' ')
  );
  expect(
    rows('SELECT pvc_name, status, raw_bytes, files FROM backup_history ORDER BY created_at')
  ).toEqual([
    ['orders-db', 'success', 2_160_000_000, 50_178],
    ['files', 'success', 2_160_000_000, 50_178],
    ['secret', 'failed', null, null],
    ['orders-db', 'cancelled', null, null],
    ['queue', 'queued', null, null],
    ['files', 'success', 2_160_000_000, 50_178],
  ]);
  db.close();
});

/** Each query of the documents; `'"'` is a quote for the shell. */
const documented = ['operations', 'runbooks'].flatMap(folder => {
  const text = readFileSync(
    join(import.meta.dirname, `../../../../docs/${folder}/README.md`),
    'utf8'
  );
  const commands = text.matchAll(/"\$NKVM_METADATA_DB_PATH" (?:\\\s+)?"(SELECT[^;]+;)"'/g);
  return [...commands].map(([, sql = '']) => [sql.replaceAll(`'"'`, "'")]);
});

it('finds queries in the documents', () => expect(documented.length).toBeGreaterThanOrEqual(2));

it.each(documented)('answers a query of the documents: %s', async sql => {
  const path = schema3({ withJournal: true });
  const { history } = await open(path);
  await history.close();
  const db = new Database(readFileSync(path));
  expect(db.exec(sql)[0]?.values.length).toBeGreaterThan(0);
  db.close();
});

/** @returns a path with what schema version 4 left there, its journal too. */
function schema4(): string {
  const path = newPath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, gunzipSync(readFileSync(join(FIXTURES, 'schema-4.db.gz'))));
  copyFileSync(join(FIXTURES, 'schema-4.changes-2'), `${path}.changes-2`);
  return path;
}

describe('a file of schema version 4', () => {
  const of4 = (letter: string) => `01kb2b3c4d5e6f7g8h9jkmnp${letter}`;

  it('is read with its journal', async () => {
    const { history, notices } = await open(schema4());
    expect(notices).toEqual([]);
    const { backups } = history.list({ limit: 50 });
    expect(backups.map(run => `${run.id.at(-1)} ${run.status}`)).toEqual([
      'e success',
      'd queued',
      'c success',
      'b failed',
      'a success',
    ]);
    for (const run of backups) expect(Backup.parse(run)).toEqual(run);
    expect(history.get(of4('a'))?.copies[0]?.verifiedAt).toBe('2026-11-25T15:00:00.000Z');
  });

  it('takes restores, and its copy is kept', async () => {
    const path = schema4();
    const { history } = await open(path);
    await history.add([exampleRestore({ id: 'r' }, { backup: of4('a') })]);
    await history.close();
    const again = await open(path);
    expect(again.history.get('r')?.details).toMatchObject({ backup: of4('a') });
    expect(again.history.get(of4('a'))?.provenRestorableAt).toEqual(expect.any(String));
    const copy = readdirSync(dirname(path)).find(name => name.includes('.copy-')) ?? '';
    const db = new Database(readFileSync(join(dirname(path), copy)));
    expect(db.exec('PRAGMA user_version')[0]?.values).toEqual([[4]]);
    db.close();
  });

  it('can be read and changed by version 4 afterwards: that one keeps details as they are', async () => {
    const path = schema4();
    const { history } = await open(path);
    await history.add([exampleRestore({ id: 'r', status: 'queued' })]);
    await history.close();
    const db = new Database(readFileSync(path));
    const value = (sql: string) => db.exec(sql)[0]?.values[0]?.[0];
    expect(value('SELECT readable_from FROM history_journal')).toBe(4);
    const before = value(`SELECT details FROM runs WHERE id = 'r'`);
    // as version 4 writes a run: it names its own columns
    const [entry] = entriesOf(
      exampleRun({ id: 'r', kind: 'restore', status: 'failed' }),
      undefined
    );
    new EntryWriter(db).writeKnown(entry ? [entry] : []);
    expect(value(`SELECT status FROM runs WHERE id = 'r'`)).toBe('failed');
    expect(value(`SELECT details FROM runs WHERE id = 'r'`)).toBe(before);
    db.close();
  });
});

/** @returns a path with what schema version 5 left there, its journal too. */
function schema5(): string {
  const path = newPath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, gunzipSync(readFileSync(join(FIXTURES, 'schema-5.db.gz'))));
  copyFileSync(join(FIXTURES, 'schema-5.changes-2'), `${path}.changes-2`);
  return path;
}

describe('a file of schema version 5', () => {
  const of5 = (letter: string) => `01kc2b3c4d5e6f7g8h9jkmnp${letter}`;
  const awaited: Copy = {
    destination: 'offsite',
    key: 'k.tar.gz',
    state: 'awaited',
    isRequired: true,
    problem: {
      stage: 'copy',
      reason: 'ConnectionRefused',
      message: 'it refused the connection',
      hint: 'start it',
      failureClass: 'transient',
    },
    retryAt: '2026-11-26T18:00:00.000Z',
    bytes: 0,
    sha256: '',
    provenAt: null,
    proof: null,
    verifiedAt: null,
    encrypted: false,
    stored: null,
  };

  it('is read with its journal', async () => {
    const { history, notices } = await open(schema5());
    expect(notices).toEqual([]);
    const { backups } = history.list({ limit: 50 });
    expect(backups.map(run => `${run.id.at(-1)} ${run.status} ${run.destinations}`)).toEqual([
      'f success local',
      'e queued ',
      'b failed ',
      'a success local',
    ]);
    for (const run of backups) expect(Backup.parse(run)).toEqual(run);
    expect(history.get(of5('a'))?.copies).toMatchObject([
      {
        verifiedAt: '2026-11-26T17:00:00.000Z',
        isRequired: true,
        ...{ problem: null, retryAt: null, encrypted: false, stored: null },
      },
    ]);
    expect(history.get(of5('c'))?.details).toMatchObject({ kind: 'restore', backup: of5('a') });
  });

  it('keeps all that is known of several copies', async () => {
    const path = schema5();
    const { history } = await open(path);
    const [copy] = history.get(of5('a'))?.copies ?? [];
    if (!copy) throw new Error('the fixture has no copy');
    const stored = { bytes: 5, sha256: 'cd'.repeat(32) };
    const copies = [
      { ...copy, encrypted: true, stored },
      { ...awaited, isRequired: false },
    ];
    await history.commit(of5('a'), { destinations: ['local', 'offsite', 'nas'], copies });
    await history.close();
    const again = await open(path);
    expect(again.history.get(of5('a'))).toMatchObject({
      destinations: ['local', 'offsite', 'nas'],
      copies,
    });
  });

  it('can be read by version 4 and 5 afterwards, to which a copy that is awaited is missing', async () => {
    const path = schema5();
    const { history } = await open(path);
    await history.commit(of5('a'), { copies: [awaited] });
    await history.close();
    const db = new Database(readFileSync(path));
    expect(db.exec('SELECT readable_from FROM history_journal')[0]?.values).toEqual([[4]]);
    // what those versions ask for a path: only a copy that is present has one
    expect(
      db.exec(`SELECT backup_path FROM backup_history WHERE id = '${of5('a')}'`)[0]?.values
    ).toEqual([[null]]);
    db.close();
  });
});

/** A file of the next version, which says that this one can read it, or not. */
async function nextVersion(readableFrom: number): Promise<string> {
  const path = newPath();
  const history = await openFor(path);
  await history.add([exampleRun({ id: 'a' }), exampleRun({ id: 'b', status: 'failed' })]);
  await history.close();
  const db = new Database(readFileSync(path));
  db.exec(`
    ALTER TABLE runs ADD COLUMN encrypted_with TEXT NOT NULL DEFAULT 'none';
    ALTER TABLE copies ADD COLUMN locked_until TEXT;
    CREATE TABLE schedules (id TEXT PRIMARY KEY) STRICT;
    UPDATE runs SET stage = 'upload', failure_class = 'odd', encrypted_with = 'age',
      seal = json_set(seal, '$.more', 1), helper = json_set(helper, '$.more', 1),
      stages = json_insert(stages, '$[#]', json('["upload",0,1,2]')) WHERE id = 'a';
    UPDATE copies SET proof_level = 'restored', state = 'archived' WHERE run_id = 'b';
    UPDATE history_journal SET readable_from = ${readableFrom};
    PRAGMA user_version = ${SCHEMA_VERSION + 1};`);
  writeFileSync(path, db.export());
  db.close();
  return path;
}

it('reads a file of the next version that allows it: unknown columns, fields and stages break nothing', async () => {
  const path = await nextVersion(SCHEMA_VERSION);
  const { history, notices } = await open(path);
  expect(notices).toEqual([]);
  const { backups } = history.list({ limit: 50 });
  for (const run of backups) expect(Backup.parse(run)).toEqual(run);
  expect(history.get('a')).toMatchObject({ stage: null, failureClass: null, status: 'success' });
  expect(history.get('a')?.stages).toHaveLength(7);
  expect(history.get('b')?.copies[0]).toMatchObject({ state: 'missing', proof: null });
});

it('keeps what the next version knows more when it changes such a file', async () => {
  const path = await nextVersion(SCHEMA_VERSION);
  const { history } = await open(path);
  await history.commit('a', { message: 'looked at' });
  await history.add([exampleRun({ id: 'c' })]);
  await history.close();
  const db = new Database(readFileSync(path));
  expect(db.exec('SELECT id, encrypted_with FROM runs ORDER BY id')[0]?.values).toEqual([
    ['a', 'age'],
    ['b', 'none'],
    ['c', 'none'],
  ]);
  expect(db.exec('PRAGMA user_version')[0]?.values).toEqual([[SCHEMA_VERSION + 1]]);
  db.close();
});

it('shows nothing of a run whose kind or status only the next version knows', async () => {
  const path = await nextVersion(SCHEMA_VERSION);
  const db = new Database(readFileSync(path));
  db.exec(
    `UPDATE runs SET status = 'half-done' WHERE id = 'a'; UPDATE runs SET kind = 'sync' WHERE id = 'b'`
  );
  writeFileSync(path, db.export());
  db.close();
  const { history } = await open(path);
  expect(history.list({ limit: 50 }).backups).toEqual([]);
  const { uid, namespace, name } = exampleRun();
  expect(history.ofClaim(uid, namespace, name)).toEqual({
    lastBackup: null,
    lastSuccess: null,
    lastProvenRestore: null,
  });
});

it('reads a journal of the next version that allows it', async () => {
  const path = await nextVersion(SCHEMA_VERSION);
  const db = new Database(readFileSync(path));
  const [[name, sequence] = []] =
    db.exec('SELECT history, sequence FROM history_journal')[0]?.values ?? [];
  db.close();
  const next = Number(sequence) + 1;
  const header = {
    format: 2,
    history: name,
    schema: SCHEMA_VERSION + 1,
    readableFrom: SCHEMA_VERSION,
    more: 1,
  };
  const known = entriesOf(exampleRun({ id: 'a', message: 'from the journal' }), undefined);
  const entries = [
    { table: 'schedules', row: { id: 'nightly' } },
    { table: 'tariffs', row: { id: 'x' } },
    ...known.map(entry => ('row' in entry ? { ...entry, row: { ...entry.row, more: 1 } } : entry)),
  ];
  writeFileSync(
    `${path}.changes-${next}`,
    Buffer.concat([
      writeRecord({ sequence: next, value: header }),
      writeRecord({ sequence: next, value: entries }),
    ])
  );
  const { history, notices } = await open(path);
  expect(notices).toEqual([]);
  expect(history.get('a')?.message).toBe('from the journal');
});

it('refuses a file of the next version that it could misread', async () => {
  const path = await nextVersion(SCHEMA_VERSION + 1);
  await expect(open(path)).rejects.toMatchObject({ reason: 'HistoryTooNew' });
});
