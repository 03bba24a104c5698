import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Check } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { exampleCheck } from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;
let admitted: object[];
let refusal: StageError | undefined;

beforeEach(async () => {
  admitted = [];
  refusal = undefined;
  const drills = {
    async admit(request: object) {
      admitted.push(request);
      if (refusal) throw refusal;
      return undefined as never;
    },
  };
  world = await httpWorld({ drills });
  world.grants.driller = [
    'get persistentvolumeclaims/backup shop',
    'create persistentvolumeclaims/restore shop/orders-db',
    'get persistentvolumeclaims/archive shop/orders-db',
  ];
  await world.history.add([
    exampleRun({ id: 'b', namespaceUid: 'uid-shop' }),
    exampleRun({ id: 'failed', status: 'failed', copies: [], namespaceUid: 'uid-shop' }),
    exampleRun({ id: 'gone', namespace: 'gone', namespaceUid: 'uid-gone' }),
    exampleRun({ id: 'old', namespaceUid: 'uid-of-an-older-shop' }),
  ]);
});
afterEach(() => world.close());

const post = (who: string, path: string, body: unknown = {}) => world.ask(who, 'POST', path, body);

describe.each(['verify', 'drill'])('POST backups/ID/%s', kind => {
  it.each(['nothing', 'b', 'gone', 'old'])(
    'finds no backup for who may not see it: %s',
    async id => {
      const { status, body } = await post('viewer', `backups/${id}/${kind}`);
      expect([status, body.reason]).toEqual([404, 'BackupNotFound']);
    }
  );

  it('is refused for a backup without an archive', async () => {
    const { status, body } = await post('admin', `backups/failed/${kind}`);
    expect([status, body.reason]).toEqual([409, 'BackupHasNoArchive']);
    expect(world.queue.depth()).toEqual({ queued: 0, running: 0 });
  });
});

describe('POST backups/ID/verify', () => {
  it('needs the right to back up', async () => {
    const { status, body } = await post('driller', 'backups/b/verify');
    expect([status, body.message]).toEqual([
      403,
      expect.stringContaining('create persistentvolumeclaims/backup'),
    ]);
    expect((await post('shopper', 'backups/b/verify')).status).toBe(202);
  });

  it('queues a check of the claim that was backed up, where it was', async () => {
    const { body } = await post('shopper', 'backups/b/verify');
    expect(Check.parse(body.check)).toEqual(body.check);
    expect(body.check).toMatchObject({
      kind: 'verify',
      backup: 'b',
      namespace: 'shop',
      totalBytes: 1_213_456_789,
    });
    const { body: old } = await post('admin', 'backups/old/verify');
    expect(world.history.get(old.check.id)?.namespaceUid).toBe('uid-of-an-older-shop');
    expect((await world.ask('shopper', 'GET', `checks/${old.check.id}`)).status).toBe(404);
  });

  it('gives a second request the check that is under way', async () => {
    const [first, second] = [
      await post('shopper', 'backups/b/verify'),
      await post('shopper', 'backups/b/verify'),
    ];
    expect(second.body.check.id).toBe(first.body.check.id);
  });

  it('takes a body without fields only', async () => {
    expect((await world.ask('shopper', 'POST', 'backups/b/verify')).status).toBe(202);
  });
});

describe('POST backups/ID/drill', () => {
  it.each([
    ['an image without a command', { image: 'x' }],
    ['a command without an image', { command: ['x'] }],
    ['a field that there is not', { privileged: true }],
  ])('refuses %s', async (_, body) => {
    expect((await post('driller', 'backups/b/drill', body)).status).toBe(400);
    expect(admitted).toEqual([]);
  });

  it.each([
    [
      'restore there',
      'create persistentvolumeclaims/restore',
      'get persistentvolumeclaims/archive shop',
    ],
    [
      'read the archives',
      'get persistentvolumeclaims/archive',
      'create persistentvolumeclaims/restore shop',
    ],
  ])('needs the right to %s', async (_, missing, other) => {
    world.grants.half = ['get persistentvolumeclaims/backup shop', other];
    const { status, body } = await post('half', 'backups/b/drill');
    expect([status, body.message]).toEqual([403, expect.stringContaining(missing)]);
    expect(admitted).toEqual([]);
  });

  it('needs the right to create pods for an image of the caller’s choice', async () => {
    const check = { image: 'postgres:17', command: ['pg_verifybackup', '/volume'] };
    const { status, body } = await post('driller', 'backups/b/drill', check);
    expect([status, body.message]).toEqual([
      403,
      expect.stringContaining('create pods in namespace shop'),
    ]);
    world.grants.developer = [...(world.grants.driller ?? []), 'create pods shop'];
    const taken = await post('developer', 'backups/b/drill', check);
    expect(taken.status).toBe(202);
    expect(world.history.get(taken.body.check.id)?.details).toMatchObject({ request: check });
  });

  it('is refused where a scratch claim cannot be made', async () => {
    refusal = new StageError('queue', 'QuotaExceeded', 'the quota is used up', 'x', 'needs-action');
    const { status, body } = await post('driller', 'backups/b/drill', { storageClass: 'fast' });
    expect([status, body.reason]).toEqual([409, 'QuotaExceeded']);
    expect(admitted).toMatchObject([
      {
        backup: 'b',
        target: { namespace: 'shop', name: 'nkvm-drill-b', mode: 'new', storageClass: 'fast' },
      },
    ]);
    expect(world.queue.depth()).toEqual({ queued: 0, running: 0 });
  });

  it('is refused where the namespace is gone', async () => {
    for (const id of ['gone', 'old']) {
      const { status, body } = await post('admin', `backups/${id}/drill`);
      expect([status, body.reason]).toEqual([404, 'NamespaceNotFound']);
    }
  });

  it('is not there where this process makes no drills', async () => {
    await world.close();
    world = await httpWorld();
    expect((await post('admin', 'backups/b/drill')).body.reason).toBe('NoSuchRoute');
  });
});

describe('a check', () => {
  const comparison = {
    entries: 1,
    bytes: 1,
    differences: 1,
    examples: ['secret differs'],
    notRestored: [],
    leftOver: 0,
  };

  beforeEach(() =>
    world.history.add([
      exampleCheck(
        'verify',
        { id: 'v', namespaceUid: 'uid-shop', createdAt: '2026-11-21T10:00:00.000Z' },
        { backup: 'b' }
      ),
      exampleCheck(
        'drill',
        { id: 'd', namespaceUid: 'uid-shop', createdAt: '2026-11-22T10:00:00.000Z' },
        { backup: 'b', comparison, output: 'secret rows' }
      ),
    ])
  );

  it('is read by those who may see the backup, and is not there for others', async () => {
    expect((await world.ask('shopper', 'GET', 'checks/v')).body).toMatchObject({
      id: 'v',
      kind: 'verify',
    });
    for (const path of ['checks/v', 'checks/v/events', 'checks/nothing', 'checks/b']) {
      const { status, body } = await world.ask('viewer', 'GET', path);
      expect([status, body.reason]).toEqual([404, 'CheckNotFound']);
    }
    expect((await post('viewer', 'checks/v/cancel')).status).toBe(404);
    expect((await world.ask('admin', 'GET', 'checks/b')).status).toBe(404);
  });

  it('shows what its command wrote, and names of files, to who may read the archives', async () => {
    const { body: hidden } = await world.ask('shopper', 'GET', 'checks/d');
    expect(JSON.stringify(hidden)).not.toContain('secret');
    expect(hidden).toMatchObject({ output: null, comparison: { differences: 1, examples: [] } });
    const { body: shown } = await world.ask('driller', 'GET', 'checks/d');
    expect(shown).toMatchObject({
      output: 'secret rows',
      comparison: { examples: ['secret differs'] },
    });
  });

  it('is listed with its backup, newest first', async () => {
    const list = await world.ask('shopper', 'GET', 'backups/b/checks');
    expect(list.body.checks.map(({ id }: Check) => id)).toEqual(['d', 'v']);
    expect(JSON.stringify(list.body)).not.toContain('secret');
    expect((await world.ask('viewer', 'GET', 'backups/b/checks')).status).toBe(404);
    expect((await world.ask('admin', 'GET', 'backups/gone/checks')).body).toEqual({ checks: [] });
  });

  it('can be cancelled with the right that it was started with', async () => {
    const { body } = await post('shopper', 'backups/b/verify');
    const { id } = body.check;
    expect((await post('driller', `checks/${id}/cancel`)).status).toBe(403);
    expect((await post('shopper', `checks/${id}/cancel`)).body).toMatchObject({
      status: 'cancelled',
    });
    const again = await post('shopper', `checks/${id}/cancel`);
    expect([again.status, again.body.reason]).toEqual([409, 'AlreadyEnded']);
  });

  it('is followed to its end', async () => {
    const { body } = await post('shopper', 'backups/b/verify');
    const stream = await world.follow('shopper', `checks/${body.check.id}/events`);
    await expect.poll(() => stream.events.at(-1)?.data.status).toBe('running');
    world.finish('success');
    await stream.ended;
    expect(stream.events.at(-1)).toMatchObject({ event: 'check', data: { status: 'success' } });
  });
});
