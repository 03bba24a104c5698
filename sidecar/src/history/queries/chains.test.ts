import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Backup } from '../../../api/index.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { afterKill, openFor, withDisk } from '../../testing/history/testDisk.ts';
import { CHAIN_SCHEMA, readableFrom } from '../schema/schema.ts';
import { loadSqlite } from '../schema/sqlite.ts';

const { Database } = await loadSqlite();

/** A backup whose archive needs those of `needs`. */
const increment = (id: string, needs: string[], change: Partial<Backup> = {}): Backup =>
  exampleRun({
    id,
    chain: {
      links: needs.map(runId => ({
        runId,
        archive: `kind__shop__orders-db__20261120T101112Z__${runId}.tar.gz`,
        bytes: 7,
        sha256: 'ab'.repeat(32),
      })),
    },
    ...change,
  });

const fileOf = (path: string) => new Database(readFileSync(path));

it('keeps the chain of a backup, in the journal and in the file', async () => {
  const { path, history } = await withDisk();
  const runs = [exampleRun({ id: 'a' }), increment('b', []), increment('c', ['b'])];
  await history.add(runs);
  const chains = runs.map(({ chain }) => chain);
  const killed = await afterKill(path);
  expect(runs.map(({ id }) => killed.get(id)?.chain)).toEqual(chains);
  await history.close();
  const again = await openFor(path);
  expect(runs.map(({ id }) => again.get(id)?.chain)).toEqual(chains);
});

it('knows the backups that need another one', async () => {
  const { history } = await withDisk();
  const deleted = exampleRun().copies.map(copy => ({ ...copy, state: 'deleted' as const }));
  await history.add([
    increment('a', []),
    increment('b', ['a']),
    increment('c', ['a', 'b']),
    increment('d', ['a', 'b', 'c'], { copies: deleted }),
    increment('e', ['a', 'b', 'c'], { status: 'running', copies: [] }),
    increment('f', ['a', 'b', 'c'], { status: 'failed', copies: [] }),
    exampleRun({ id: 'x' }),
  ]);
  expect(history.dependents('a')).toEqual(['b', 'c', 'e']);
  expect(history.dependents('b')).toEqual(['c', 'e']);
  expect(history.dependents('c')).toEqual(['e']);
  expect(history.dependents('x')).toEqual([]);
  expect(history.dependents('gone')).toEqual([]);
});

it('gives the increments at a destination, in pages, with what they need', async () => {
  const { history } = await withDisk();
  const [copy] = exampleRun().copies;
  const copies = [{ ...copy!, destination: 'here' }];
  const gone = [{ ...copy!, destination: 'here', state: 'missing' as const }];
  await history.add([
    increment('a', [], { copies }),
    increment('b', ['a'], { copies }),
    increment('c', ['a', 'b'], { copies }),
    increment('d', ['a', 'b', 'c'], { copies: gone }),
    increment('e', ['a'], { copies: [{ ...copy!, destination: 'there' }] }),
    increment('f', ['a'], { copies }),
    exampleRun({ id: 'x', copies }),
  ]);
  expect(history.incrementsAt('here', '', 2)).toEqual([
    { run: 'b', needs: ['a'] },
    { run: 'c', needs: ['a', 'b'] },
  ]);
  expect(history.incrementsAt('here', 'c', 2)).toEqual([{ run: 'f', needs: ['a'] }]);
  expect(history.incrementsAt('here', 'f', 2)).toEqual([]);
});

it('can be read by earlier versions until there is an increment, which those take for a full archive', async () => {
  const { path, history } = await withDisk();
  await history.add([increment('a', []), exampleRun({ id: 'x' })]);
  await history.close();
  expect(readableFrom(fileOf(path))).toBe(4);
  const again = await openFor(path);
  await again.add([increment('b', ['a'])]);
  await again.close();
  expect(readableFrom(fileOf(path))).toBe(CHAIN_SCHEMA);
});

it('does not show a run whose chain it cannot read', async () => {
  const { path, history } = await withDisk();
  await history.add([increment('a', ['b'])]);
  await history.close();
  const db = fileOf(path);
  db.exec(`UPDATE runs SET chain = '{"links": 7}'`);
  writeFileSync(path, db.export());
  expect((await openFor(path)).get('a')).toBeUndefined();
});
