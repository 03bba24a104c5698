import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backup, Volume } from '../../../api/index.ts';
import { BackupList, VolumeList } from '../../../api/index.ts';
import type { RestoreEngine } from '../../restore/types.ts';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import { exampleRestore } from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;

beforeEach(async () => {
  world = await httpWorld();
});
afterEach(() => world.close());

const get = (who: string, path: string, headers?: Record<string, string>) =>
  world.ask(who, 'GET', path, undefined, headers);
const recorded = async (change: Partial<Backup>): Promise<string> => {
  const run = exampleRun({ namespaceUid: 'uid-shop', ...change });
  await world.history.add([run]);
  return run.id;
};

describe('names of files in a volume', () => {
  const secret = 'customers/anna-smith.pdf';
  const withPaths = {
    tarMessages: [`tar: ./${secret}: file changed as we read it`],
    warnings: ['1 file changed while it was read'],
    helper: { pod: 'p', node: null, image: 'i', lastWords: `seal: tar: ./${secret}: removed` },
  };

  it.each(['shopper', 'reader'])(
    'are shown to %s only with the right to read archives',
    async who => {
      const id = await recorded(withPaths);
      world.grants.reader = [
        ...(world.grants.shopper ?? []),
        'get persistentvolumeclaims/archive shop',
      ];
      const answers = [
        JSON.stringify((await get(who, `backups/${id}`)).body),
        JSON.stringify((await get(who, 'backups')).body),
        JSON.stringify((await get(who, 'backups?namespace=shop&name=orders-db')).body),
      ];
      const stream = await world.follow(who, `backups/${id}/events`);
      await stream.ended;
      answers.push(JSON.stringify(stream.events));
      for (const answer of answers) {
        expect(answer).toContain('1 file changed while it was read');
        expect(answer.includes(secret)).toBe(who === 'reader');
      }
    }
  );
});

describe('runs of a namespace that was deleted and created again', () => {
  it('are for callers who may read the backups of all namespaces', async () => {
    const old = await recorded({ namespaceUid: 'uid-of-before' });
    const own = await recorded({ namespaceUid: 'uid-shop' });
    const ids = async (who: string, query = '') =>
      (await get(who, `backups${query}`)).body.backups.map((each: Backup) => each.id);
    for (const query of ['', '?namespace=shop']) {
      expect(await ids('shopper', query)).toEqual([own]);
      expect(await ids('admin', query)).toEqual([own, old]);
    }
    expect(await get('shopper', `backups/${old}`)).toMatchObject({
      status: 404,
      body: { reason: 'BackupNotFound' },
    });
    expect((await get('shopper', 'backups/none')).body.detail.replace('none', old)).toBe(
      (await get('shopper', `backups/${old}`)).body.detail
    );
    expect((await get('shopper', `backups/${old}/events`)).status).toBe(404);
    expect((await world.ask('shopper', 'POST', `backups/${old}/cancel`)).status).toBe(404);
    expect((await get('admin', `backups/${old}`)).status).toBe(200);
  });

  it('show no names of files to callers who may read archives of the new one', async () => {
    await world.close();
    world = await httpWorld({ restores: {} as RestoreEngine }); // lists ask nothing of it
    const before = { namespaceUid: 'uid-of-before' };
    await recorded({ ...before, tarMessages: ['tar: ./secret.pdf: file changed as we read it'] });
    await world.history.add([exampleRestore(before, { paths: ['secret.pdf'] })]);
    const seen = ['list persistentvolumeclaims/backup *', 'get persistentvolumeclaims/backup *'];
    world.grants.ofTheNew = [...seen, 'get persistentvolumeclaims/archive shop'];
    world.grants.ofAll = [...seen, 'get persistentvolumeclaims/archive *'];
    for (const path of ['backups', 'restores']) {
      const textFor = async (who: string) => JSON.stringify((await get(who, path)).body);
      expect(await textFor('ofTheNew')).not.toContain('secret.pdf');
      expect(await textFor('ofAll')).toContain('secret.pdf');
    }
  });

  it('are cancelled only with the right in all namespaces', async () => {
    const old = await recorded({ namespaceUid: 'uid-of-before' });
    world.grants.ofTheNew = [
      'list persistentvolumeclaims/backup *',
      'create persistentvolumeclaims/backup shop',
    ];
    expect(await world.ask('ofTheNew', 'POST', `backups/${old}/cancel`)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('in all namespaces') },
    });
  });

  it('are known by their time where their namespace was not recorded', async () => {
    const before = await recorded({ namespaceUid: null, createdAt: '2025-12-31T23:59:59.000Z' });
    const after = await recorded({ namespaceUid: null, createdAt: '2026-01-01T00:00:01.000Z' });
    expect((await get('shopper', `backups/${before}`)).status).toBe(404);
    expect((await get('shopper', `backups/${after}`)).status).toBe(200);
  });

  it('of a namespace that is gone are hidden as well', async () => {
    const id = await recorded({ namespace: 'gone', namespaceUid: 'uid-gone' });
    world.grants.shopper?.push('get persistentvolumeclaims/backup gone');
    expect((await get('shopper', `backups/${id}`)).status).toBe(404);
    world.isReady = false;
    expect((await get('shopper', `backups/${id}`)).body.reason).toBe('InventoryNotReady');
  });
});

describe('the list of volumes', () => {
  it('is not sent again to a caller who has exactly this list', async () => {
    const first = await get('admin', 'volumes');
    const tag = String(first.headers.etag);
    expect(tag).toMatch(/^"[\w-]{43}"$/);
    const same = (headers: Record<string, string>) => get('admin', 'volumes', headers);
    expect(await same({ 'if-none-match': tag })).toMatchObject({ status: 304, body: undefined });
    expect((await same({ 'if-none-match': `"x", W/${tag}` })).status).toBe(304);
    expect((await same({ 'if-none-match': '"x"' })).status).toBe(200);
    // The view of another caller is another list.
    expect((await get('viewer', 'volumes', { 'if-none-match': tag })).status).toBe(200);
    world.put('billing', 'invoices', { capacityBytes: 7 });
    const changed = await same({ 'if-none-match': tag });
    expect(changed.status).toBe(200);
    expect(VolumeList.parse(changed.body).incomplete).toBe(false);
    expect(changed.headers['cache-control']).toBe('no-store');
  });
});

describe('what is not known', () => {
  it('of a namespace is an obstacle of its volumes, not the end of the list', async () => {
    world.isApiAway = true;
    const { status, body } = await get('admin', 'volumes');
    expect(status).toBe(200);
    expect(body.volumes.map((each: Volume) => each.obstacle?.reason)).toEqual([
      'NamespaceNotChecked',
      'NamespaceNotChecked',
      'ClaimNotBound',
      'NamespaceNotChecked',
    ]);
  });

  it('because it cannot be read any more is said with the list', async () => {
    expect((await get('admin', 'volumes')).body.stale).toEqual([]);
    world.problems = ['pods: forbidden: the right to watch pods was taken away'];
    expect((await get('admin', 'volumes')).body.stale).toEqual(world.problems);
  });
});

describe('a caller with rights in a few of many namespaces', () => {
  const names = Array.from({ length: 301 }, (_, at) => `n${String(at).padStart(3, '0')}`);
  beforeEach(() => {
    const fact = (name: string) => ({
      name,
      uid: `uid-${name}`,
      createdAt: '2026-01-01T00:00:00Z',
    });
    world.namespaces = Object.fromEntries(names.map(name => [name, fact(name)]));
    world.claims = [];
    world.grants.late = [
      'list persistentvolumeclaims n300',
      'list persistentvolumeclaims/backup n300',
    ];
  });

  it('sees the only volume, in the last namespace, and its backups', async () => {
    world.put('n300', 'data');
    await recorded({ namespace: 'n300', namespaceUid: 'uid-n300' });
    const volumes = await get('late', 'volumes');
    expect(volumes).toMatchObject({ status: 200, body: { incomplete: false } });
    expect(volumes.body.volumes).toHaveLength(1);
    const backups = await get('late', 'backups');
    expect(BackupList.parse(backups.body)).toMatchObject({ incomplete: false });
    expect(backups.body.backups).toHaveLength(1);
  });

  it('is told when not every namespace with volumes could be tried', async () => {
    for (const name of names) world.put(name, 'data');
    expect(await get('late', 'volumes')).toMatchObject({
      status: 200,
      body: { volumes: [], incomplete: true },
    });
    expect((await get('late', 'volumes?namespace=n300')).body).toMatchObject({
      volumes: [{ name: 'data' }],
      incomplete: false,
    });
  });

  it('sees the namespace of its own ServiceAccount, however many there are', async () => {
    for (const name of names) world.put(name, 'data');
    const user = 'system:serviceaccount:n300:nkvm-user';
    world.grants[user] = ['list persistentvolumeclaims n300'];
    expect((await get(user, 'volumes')).body).toMatchObject({
      volumes: [{ namespace: 'n300' }],
      incomplete: true,
    });
  });

  it('gets an empty list for a right in an empty namespace, and 403 for none', async () => {
    world.namespaces = { empty: { name: 'empty', uid: 'u', createdAt: '2026-01-01T00:00:00Z' } };
    world.grants.late = ['list persistentvolumeclaims empty'];
    expect((await get('late', 'volumes')).body).toEqual({
      volumes: [],
      stale: [],
      incomplete: false,
    });
    expect((await get('nobody', 'volumes')).status).toBe(403);
  });
});

describe('the installation', () => {
  it('shows its directory and free space to its administrators only', async () => {
    await world.close();
    world = await httpWorld({ destination: { ...memoryDestination(), freeBytes: async () => 5 } });
    world.grants.nkvmAdmin = ['get settings nkvm'];
    world.parts.installation.namespaceSelector = 'team=a';
    world.parts.open.scope = async () => 'selector';
    expect((await get('nkvmAdmin', 'info')).body).toMatchObject({
      backupDir: '/b',
      freeBytes: 5,
      ...{ scope: 'selector', namespaceSelector: 'team=a' },
    });
    expect((await get('shopper', 'info')).body).toMatchObject({
      cluster: 'test',
      backupDir: null,
      freeBytes: null,
      ...{ scope: 'selector', namespaceSelector: null },
    });
  });
});
