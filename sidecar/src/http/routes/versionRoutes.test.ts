import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../history/history.ts';
import { testArchive } from '../../testing/archive/testArchive.ts';
import { exampleCopy } from '../../testing/history/exampleCopy.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;

beforeEach(async () => {
  world = await httpWorld();
  world.grants.reader = ['get persistentvolumeclaims/archive shop'];
  world.grants.single = ['get persistentvolumeclaims/archive shop/orders-db'];
});
afterEach(() => world.close());

const keyOf = (name: string) => `kind__shop__orders-db__20261120T101112Z__${name}.tar.gz`;
const FIRST = testArchive(
  keyOf('first'),
  "mkdir a; echo 1 > a/file; echo gone > gone; find . -exec touch -d '2026-01-01 UTC' {} +"
);
const SECOND = testArchive(
  keyOf('second'),
  "mkdir a; echo 22 > a/file; echo new > new; find . -exec touch -d '2026-01-02 UTC' {} +"
);
const ARCHIVES = { first: FIRST, second: SECOND };

/** Adds a backup of a day in January; its archive is one of the two. */
async function add(day: number, archive: keyof typeof ARCHIVES, change: Partial<RunRecord> = {}) {
  const { archive: bytes, index } = ARCHIVES[archive];
  const key = keyOf(archive);
  world.storage.archives.set(key, bytes).set(`${key}.index.gz`, index);
  const run = exampleRun({
    id: `run-${day}`,
    createdAt: `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`,
    namespaceUid: 'uid-shop',
    copies: [exampleCopy({ key, bytes: bytes.length })],
    ...change,
  });
  await world.history.add([run]);
  return run.id;
}
const versions = (who: string, id: string, query: string) =>
  world.ask(who, 'GET', `backups/${id}/files/versions?${query}`);
const compare = (who: string, id: string, query: string) =>
  world.ask(who, 'GET', `backups/${id}/comparison?${query}`);

describe('versions of a file', () => {
  it('are refused without the right', async () => {
    const id = await add(1, 'first');
    expect(await versions('nobody', id, 'path=a/file')).toMatchObject({ status: 404 });
    expect(await versions('shopper', id, 'path=a/file')).toMatchObject({ status: 403 });
    expect(await versions('reader', id, '')).toMatchObject({ status: 400 });
    world.grants.reader = ['get persistentvolumeclaims/archive *'];
    world.storage.archives.set('x.tar.gz', FIRST.archive);
    expect(await versions('reader', 'archive:x.tar.gz', 'path=a')).toMatchObject({
      status: 422,
      body: { reason: 'NoVersions' },
    });
  });

  it('are those of all archives of the volume, newest first', async () => {
    await add(1, 'first');
    await add(2, 'first');
    await add(3, 'second');
    const id = await add(4, 'second', { copies: [] });
    await add(5, 'second', { status: 'failed', copies: [] });
    await add(6, 'second', { uid: 'of-another-claim-of-that-name' });
    await add(7, 'second', { namespaceUid: 'of-another-namespace' });
    const { body } = await versions('single', id, 'path=a/file');
    expect(body.versions).toMatchObject([
      { backup: 'run-4', state: 'unknown', file: null },
      { backup: 'run-3', state: 'present', isSame: false, file: { bytes: 3 } },
      { backup: 'run-2', state: 'present', isSame: true, file: { bytes: 2 } },
      { backup: 'run-1', state: 'present', isSame: false, file: { path: 'a/file' } },
    ]);
    expect(body.nextCursor).toBeNull();
    const gone = (await versions('single', id, 'path=gone')).body.versions;
    expect(gone.map((each: { state: string }) => each.state)).toEqual([
      'unknown',
      'absent',
      'present',
      'present',
    ]);
  });

  it('come in pages, and the last of a page is compared with the first of the next', async () => {
    for (let day = 1; day <= 5; day++) await add(day, 'first');
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await versions(
        'reader',
        'run-5',
        `path=a/file&limit=2${cursor ? `&cursor=${cursor}` : ''}`
      );
      for (const each of body.versions) seen.push(`${each.backup} ${each.isSame}`);
      cursor = body.nextCursor;
    } while (cursor);
    expect(seen).toEqual(['run-5 true', 'run-4 true', 'run-3 true', 'run-2 true', 'run-1 false']);
  });
});

describe('a comparison of two archives', () => {
  it('is refused without the right on both', async () => {
    const id = await add(1, 'first');
    const other = await add(2, 'second', { name: 'other' });
    expect(await compare('single', other, `with=${id}`)).toMatchObject({ status: 404 });
    expect(await compare('single', id, `with=${other}`)).toMatchObject({ status: 404 });
    expect(await compare('reader', id, 'with=nothing')).toMatchObject({ status: 404 });
  });

  it('says what was added, removed and changed', async () => {
    const older = await add(1, 'first');
    const id = await add(2, 'second');
    const { body } = await compare('reader', id, `with=${older}`);
    expect(body).toMatchObject({ added: 1, removed: 1, changed: 1, same: 1, nextCursor: null });
    expect(body.changes).toMatchObject([
      { change: 'changed', file: { path: 'a/file', bytes: 3 }, before: { bytes: 2 } },
      { change: 'removed', file: { path: 'gone' }, before: null },
      { change: 'added', file: { path: 'new' }, before: null },
    ]);
    expect((await compare('reader', id, `with=${older}&path=a`)).body.changes).toHaveLength(1);
    expect(await compare('reader', id, `with=${older}&path=nothing`)).toMatchObject({
      status: 404,
    });
  });

  it('comes in pages', async () => {
    const older = await add(1, 'first');
    const id = await add(2, 'second');
    const first = (await compare('reader', id, `with=${older}&limit=2`)).body;
    const second = (await compare('reader', id, `with=${older}&limit=2&cursor=${first.nextCursor}`))
      .body;
    expect([...first.changes, ...second.changes].map(({ file }) => file.path)).toEqual([
      'a/file',
      'gone',
      'new',
    ]);
    expect(second.nextCursor).toBeNull();
  });

  it('is that of the archives that are there now, whatever their names', async () => {
    world.grants.reader = ['get persistentvolumeclaims/archive *'];
    const putAs = (key: string, script: string) => {
      const archive = gzipSync(testArchive(key, script).tar, { level: 0 });
      world.storage.archives.set(key, archive);
      return archive.length;
    };
    putAs('old.tar.gz', 'echo 1 > one');
    const bytes = putAs('new.tar.gz', 'echo 2 > two');
    const added = async () => {
      const { body } = await compare('reader', 'archive:new.tar.gz', 'with=archive:old.tar.gz');
      return body.changes.filter(({ change }: { change: string }) => change === 'added');
    };
    expect(await added()).toMatchObject([{ file: { path: 'two' } }]);
    expect(putAs('new.tar.gz', 'echo 3 > san; echo 4 > yon')).toBe(bytes);
    world.storage.archives.delete('new.tar.gz.index.gz');
    world.parts.archives.forget('new.tar.gz');
    expect(await added()).toMatchObject([{ file: { path: 'san' } }, { file: { path: 'yon' } }]);
  });
});
