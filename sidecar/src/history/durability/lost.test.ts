import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { exampleRun, queuedRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor, withDisk } from '../../testing/history/testDisk.ts';
import { copiesOf } from '../queries/copies.ts';
import { journalPath } from './journalFiles.ts';
import type { Notice } from './notice.ts';

/** A history with `a`, `b`, `c` and `d`; the first two are in the file and its copy, the others in the journal. */
async function twoAndTwo(): Promise<string> {
  const path = newPath();
  const first = await openFor(path);
  await first.add([exampleRun({ id: 'a' }), exampleRun({ id: 'b' })]);
  await first.close();
  const second = await openFor(path, { checkpointDelayMs: 600_000 });
  await second.add([queuedRun({ id: 'c' })]);
  await second.add([queuedRun({ id: 'd' })]);
  return path;
}

async function reopen(path: string) {
  const notices: Notice[] = [];
  const history = await openFor(path, { onNotice: notice => notices.push(notice) });
  const ids = history.list({ limit: 500 }).backups.map(({ id }) => id);
  return { history, ids: ids.sort().join(''), notices };
}

const spoil = (path: string, change: (bytes: Buffer) => Buffer) =>
  writeFileSync(path, change(readFileSync(path)));

const journalOf = (path: string) => journalPath(path, 2);

const flip = (needle: string) => (bytes: Buffer) => {
  const at = bytes.indexOf(needle);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
};

it.each<[string, (path: string) => void, Notice['reason']]>([
  ['damaged', path => spoil(path, bytes => bytes.subarray(0, 30_000)), 'HistorySetAside'],
  ['missing', path => rmSync(path), 'HistoryMissing'],
])(
  'loses nothing when the file is %s: copy and journal take its place',
  async (_, harm, reason) => {
    const path = await twoAndTwo();
    harm(path);
    const { ids, notices } = await reopen(path);
    expect(ids).toBe('abcd');
    const [copy = ''] = await copiesOf(path);
    expect(notices).toMatchObject([{ reason, message: expect.stringContaining(copy) }]);
    expect(notices[0]?.message).toContain('2 changes from the journal');
  }
);

it('takes the journal alone when file and copies are gone, and goes on with it', async () => {
  const path = await twoAndTwo();
  for (const name of [path, ...(await copiesOf(path))]) rmSync(name);
  const { history, ids, notices } = await reopen(path);
  expect(ids).toBe('cd');
  expect(notices.map(({ reason }) => reason)).toEqual(['HistoryMissing', 'JournalIncomplete']);
  await history.add([queuedRun({ id: 'e' })]);
  await history.close();
  expect(await reopen(path)).toMatchObject({ ids: 'cde', notices: [] });
});

it('takes an older copy when the newest is damaged, and says what is missing', async () => {
  const path = await twoAndTwo();
  const [copy = ''] = await copiesOf(path);
  renameSync(copy, `${path}.copy-20200101T000000Z`);
  writeFileSync(`${path}.copy-20300101T000000Z`, 'spoilt');
  rmSync(path);
  const { ids, notices } = await reopen(path);
  expect(ids).toBe('abcd');
  expect(notices[0]?.message).toContain('copy-20200101T000000Z took its place');
});

it('says what a copy and the journal lack together', async () => {
  const path = await twoAndTwo();
  const third = await reopen(path); // brings all into the file, and begins the journal at 4
  await third.history.add([queuedRun({ id: 'e' })]);
  rmSync(path);
  const { ids, notices } = await reopen(path);
  expect(ids).toBe('abe');
  expect(notices).toMatchObject([
    { reason: 'HistoryMissing' },
    { reason: 'JournalIncomplete', message: expect.stringContaining('lacks at least 2 changes') },
  ]);
});

it.each<[string, (bytes: Buffer) => Buffer]>([
  ['cut off in its last record', bytes => bytes.subarray(0, -5)],
  ['without its last line feed', bytes => bytes.subarray(0, -1)],
])('drops what nobody was told of, without a word, from a journal that is %s', async (_, cut) => {
  const path = await twoAndTwo();
  spoil(journalOf(path), cut);
  expect(await reopen(path)).toMatchObject({ ids: 'abc', notices: [] });
});

it.each<[string, (bytes: Buffer) => Buffer, string]>([
  ['in a record in the middle', flip('"c"'), 'abd'],
  ['in its last record', flip('"d"'), 'abc'],
  ['in its first line', flip('"history"'), 'abcd'],
  ['in the end of its first line', bytes => bytes.fill('x', bytes.indexOf('\n')).subarray(0), 'ab'],
  ['everywhere', () => Buffer.alloc(0), 'ab'],
])('takes from a journal what can be read when it is damaged %s', async (_, change, expected) => {
  const path = await twoAndTwo();
  spoil(journalOf(path), change);
  const spoilt = readFileSync(journalOf(path));
  const { ids, notices } = await reopen(path);
  expect(ids).toBe(expected);
  const isLost = expected !== 'abcd';
  expect(notices.map(({ reason }) => reason)).toEqual(
    isLost ? ['JournalIncomplete', 'JournalSetAside'] : []
  );
  const aside = readdirSync(dirname(path)).find(name => name.includes('.corrupt-')) ?? '';
  if (isLost) expect(readFileSync(join(dirname(path), aside)).equals(spoilt)).toBe(true);
  expect((await reopen(path)).notices).toEqual([]);
});

it('takes nothing from the journal of another history, and keeps it', async () => {
  const path = await twoAndTwo();
  const other = await withDisk();
  await other.history.add([queuedRun({ id: 'other' })]);
  writeFileSync(journalPath(path, 9), readFileSync(journalPath(other.path, 1)));
  const { ids, notices } = await reopen(path);
  expect(ids).toBe('abcd');
  expect(notices.map(({ reason }) => reason)).toEqual(['JournalSetAside']);
  expect(existsSync(journalPath(path, 9))).toBe(false);
});

it('does not read what was refused in a file of the journal that could not be repaired', async () => {
  const path = await twoAndTwo();
  const { history } = await reopen(path); // the file holds 3 records now
  await history.close();
  const refused = await openFor(path, { checkpointDelayMs: 600_000 });
  await refused.add([queuedRun({ id: 'e' })]);
  await refused.add([queuedRun({ id: 'refused' })]);
  const taken = await withDisk();
  for (const id of ['1', '2', '3', '4', '5']) await taken.history.add([queuedRun({ id })]);
  const lines = readFileSync(journalPath(taken.path, 1), 'utf8').split('\n');
  const header = readFileSync(journalPath(path, 4), 'utf8').split('\n')[0];
  writeFileSync(journalPath(path, 5), [header, lines[5], ''].join('\n'));
  expect(await reopen(path)).toMatchObject({ ids: '5abcde', notices: [] });
});
