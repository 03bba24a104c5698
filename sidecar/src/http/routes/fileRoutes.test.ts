import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testArchive } from '../../testing/archive/testArchive.ts';
import { exampleCopy } from '../../testing/history/exampleCopy.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

const KEY = 'kind__shop__orders-db__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz';
const SCRIPT = `
  mkdir -p a/b; echo hello > a/hello; echo deep > a/b/deep; printf big%.0s {1..1000} > big
  ln -s a/hello link; ln big same; printf x > $'odd \\xff\\\\name'
`;

let world: HttpTestWorld;

beforeEach(async () => {
  world = await httpWorld();
  world.grants.reader = ['get persistentvolumeclaims/archive shop/orders-db'];
  world.grants.neighbour = ['get persistentvolumeclaims/archive billing'];
  world.grants.archivist = ['get persistentvolumeclaims/archive *'];
});
afterEach(() => world.close());

const stored = testArchive(KEY, SCRIPT);
/** Puts an archive at the destination, and its run into the history. */
async function put({ index = stored.index as Buffer | null, namespaceUid = 'uid-shop' } = {}) {
  world.storage.archives.set(KEY, stored.archive);
  if (index) world.storage.archives.set(`${KEY}.index.gz`, index);
  const run = exampleRun({
    namespaceUid,
    copies: [exampleCopy({ key: KEY, bytes: stored.archive.length })],
  });
  await world.history.add([run]);
  return run.id;
}
const files = (who: string | undefined, id: string, query = '') =>
  world.ask(who, 'GET', `backups/${encodeURIComponent(id)}/files${query}`);
const paths = (body: { files: { path: string }[] }) => body.files.map(({ path }) => path);

describe('the files of an archive', () => {
  it('are refused by the name of the right to who may see the backup', async () => {
    expect(await files('shopper', await put())).toMatchObject({
      status: 403,
      body: {
        detail: 'shopper may not get persistentvolumeclaims/archive of orders-db in namespace shop',
      },
    });
  });

  it('are listed a few times at once for a caller, so that nobody can keep the process busy', async () => {
    const id = await put();
    const many = Array.from({ length: 40 }, () => files('admin', id, '?search=h'));
    const reasons = (await Promise.all(many)).map(({ body }) => body.reason);
    expect(reasons.filter(reason => reason === undefined).length).toBeGreaterThanOrEqual(6);
    expect(reasons).toContain('TooManyLists');
    expect((await files('admin', id)).status).toBe(200);
  });

  it.each(['nobody', 'viewer', 'single', 'neighbour'])(
    'are not there for %s, who may not see the backup',
    async who => {
      const id = await put();
      expect(await files(who, id)).toMatchObject({
        status: 404,
        body: { reason: 'BackupNotFound' },
      });
      expect((await files(who, 'no-such-id')).body.reason).toBe('BackupNotFound');
    }
  );

  it('need a token', async () => {
    expect(await files(undefined, await put())).toMatchObject({ status: 401 });
  });

  it('of a namespace that was deleted are for callers with the right in all namespaces', async () => {
    const id = await put({ namespaceUid: 'uid-of-another-shop' });
    expect(await files('reader', id)).toMatchObject({ status: 404 });
    expect(await files('archivist', id)).toMatchObject({ status: 200 });
  });

  it('are listed folder by folder', async () => {
    const id = await put();
    const { status, body } = await files('reader', id);
    expect(status).toBe(200);
    expect(paths(body)).toEqual(['a', 'big', 'link', 'odd \\377\\\\name', 'same']);
    expect(body).toMatchObject({
      total: 5,
      nextCursor: null,
      index: 'stored',
      canReadRanges: true,
    });
    expect(body.files[4]).toMatchObject({ type: 'hardlink', bytes: 3_000, target: 'big' });
    expect(paths((await files('reader', id, '?path=a')).body)).toEqual(['a/b', 'a/hello']);
  });

  it('are found by name, size and time', async () => {
    const id = await put();
    expect(paths((await files('reader', id, '?search=DEEP')).body)).toEqual(['a/b/deep']);
    expect(paths((await files('reader', id, '?search=&minBytes=1000')).body)).toEqual([
      'big',
      'same',
    ]);
    expect((await files('reader', id, '?before=2001-01-01T00:00:00Z')).body.total).toBe(0);
  });

  it('come in pages, whose cursors belong to one list', async () => {
    const id = await put();
    const first = (await files('reader', id, '?limit=2')).body;
    const second = (await files('reader', id, `?limit=2&cursor=${first.nextCursor}`)).body;
    expect([...paths(first), ...paths(second)]).toEqual(['a', 'big', 'link', 'odd \\377\\\\name']);
    expect(await files('reader', id, `?path=a&cursor=${first.nextCursor}`)).toMatchObject({
      status: 409,
      body: { reason: 'BadCursor' },
    });
  });

  it.each<[string, string, number, string]>([
    ['a path that is not there', '?path=a/nothing', 404, 'PathNotInArchive'],
    ['a path that is no path', '?path=a%5C', 404, 'PathNotInArchive'],
    ['a file', '?path=big', 422, 'NotADirectory'],
    ['an unknown parameter', '?folder=a', 400, 'BadRequest'],
    ['a limit of nothing', '?limit=0', 400, 'BadRequest'],
  ])('are refused for %s', async (_, query, status, reason) => {
    expect(await files('reader', await put(), query)).toMatchObject({ status, body: { reason } });
  });

  it.each<[string, Buffer | null]>([
    ['without an index', null],
    ['with an index that is none', Buffer.from('nonsense')],
  ])('are read from an archive %s', async (_, index) => {
    const id = await put({ index });
    const { body } = await files('reader', id);
    expect(body).toMatchObject({ total: 5, index: 'rebuilt', canReadRanges: false });
    expect(body.files).toEqual((await files('reader', id, '?sort=name')).body.files);
  });

  it('are refused when there is no archive, or another one than the backup wrote', async () => {
    const id = await put();
    world.storage.archives.set(KEY, Buffer.concat([stored.archive, Buffer.from('x')]));
    expect(await files('reader', id)).toMatchObject({
      status: 409,
      body: { reason: 'ArchiveChanged' },
    });
    world.storage.archives.delete(KEY);
    expect(await files('reader', id)).toMatchObject({
      status: 404,
      body: { reason: 'ArchiveMissing' },
    });
    await world.history.add([
      exampleRun({ id: 'failed', namespaceUid: 'uid-shop', status: 'failed', copies: [] }),
    ]);
    expect(await files('reader', 'failed')).toMatchObject({
      status: 409,
      body: { reason: 'BackupHasNoArchive' },
    });
  });

  it('of an archive that no backup here has need the right in all namespaces', async () => {
    world.storage.archives.set('by-hand.tar.gz', stored.archive);
    expect(await files('reader', 'archive:by-hand.tar.gz')).toMatchObject({
      status: 403,
      body: { reason: 'Forbidden' },
    });
    expect((await files('archivist', 'archive:by-hand.tar.gz')).body).toMatchObject({ total: 5 });
    for (const key of ['gone.tar.gz', '../x.tar.gz', `${KEY}.index.gz`, '']) {
      expect(await files('archivist', `archive:${key}`), key).toMatchObject({ status: 404 });
    }
  });

  it('never appear in the log', async () => {
    const id = await put();
    await files('reader', id, '?path=a/secret-name');
    await files('reader', id, '?path=a&search=secret-name');
    const atInfo = world.logged.split('\n').filter(line => line && JSON.parse(line).level >= 30);
    expect(atInfo.join('\n')).not.toContain('secret-name');
  });
});
