import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { PlanCheck, StartRestore } from '../../../api/index.ts';
import { Restore, RestorePlan } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { RunRecord } from '../../history/history.ts';
import type { RestoreEngine } from '../../restore/types.ts';
import { exampleRestore, exampleRestoreDetails } from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;
/** What the engine was asked. */
let asked: { call: string; request: StartRestore; undoOf?: string | undefined }[];

const plan: RestorePlan = {
  canStart: true,
  checks: [{ name: 'space', state: 'passes', message: 'x', hint: null, reason: null }],
  source: {
    backup: 'of-billing',
    archive: 'a.tar.gz',
    namespace: 'billing',
    name: 'invoices',
    createdAt: null,
    hasManifest: true,
    bytes: 5,
    rawBytes: null,
    files: null,
  },
  claim: {
    action: 'create',
    namespace: 'shop',
    name: 'copy',
    size: '1Gi',
    storageClass: null,
    accessModes: [],
    labels: {},
  },
  neededBytes: null,
  availableBytes: null,
  workloads: [],
  files: null,
  selected: null,
};

const engine: RestoreEngine = {
  async plan(request) {
    asked.push({ call: 'plan', request });
    return plan;
  },
  async admit(request, _signal, undoOf) {
    asked.push({ call: 'admit', request, undoOf });
    const { namespace, name } = request.target;
    if (name === 'full') {
      throw new StageError('queue', 'QuotaExceeded', 'the quota is used up', 'x', 'needs-action');
    }
    if (name === 'used') {
      const message = 'claim shop/used is used by pod web-0';
      throw new StageError('queue', 'ClaimInUse', message, 'stop web', 'needs-action');
    }
    return {
      target: { namespace, name, uid: '' },
      details: exampleRestoreDetails({
        backup: request.backup,
        target: request.target,
        paths: request.paths ?? null,
        undoOf: undoOf ?? null,
        source: {
          namespace: 'billing',
          name: 'invoices',
          uid: 'u',
          namespaceUid: 'uid-billing',
          createdAt: null,
        },
      }),
    };
  },
  undoOf: run => {
    const details = run.details?.kind === 'restore' ? run.details : undefined;
    if (!details?.safetyBackupId) {
      throw new StageError('queue', 'NothingToUndo', 'no safety backup', 'x', 'needs-action');
    }
    const target = { namespace: run.namespace, name: run.name, mode: 'mirror' as const };
    return { backup: details.safetyBackupId, target, scale: false, safetyBackup: true };
  },
};

beforeEach(async () => {
  asked = [];
  world = await httpWorld({
    restores: engine,
    uploadNamespace: id => (id === 'u1' ? 'shop' : undefined),
  });
  world.grants.restorer = [
    'create persistentvolumeclaims/restore shop',
    'get persistentvolumeclaims/archive billing/invoices',
    'get persistentvolumeclaims/backup shop',
    'list persistentvolumeclaims/backup shop',
    'get persistentvolumeclaims/backup billing',
  ];
  await world.history.add([
    exampleRun({
      id: 'of-billing',
      namespace: 'billing',
      name: 'invoices',
      namespaceUid: 'uid-billing',
    }),
    exampleRun({ id: 'of-gone', namespace: 'gone', name: 'old', namespaceUid: 'uid-gone' }),
    exampleRun({
      id: 'of-old-shop',
      namespace: 'shop',
      name: 'orders-db',
      namespaceUid: 'uid-of-an-older-shop',
    }),
    exampleRun({
      id: 'of-locked',
      namespace: 'locked',
      name: 'secrets',
      namespaceUid: 'uid-locked',
    }),
  ]);
});
afterEach(() => world.close());

const body = (change: object = {}, target: object = {}) => ({
  backup: 'of-billing',
  target: { namespace: 'shop', name: 'copy', mode: 'new', ...target },
  ...change,
});
/** @returns a user with these rights: answers about a user are remembered for some seconds. */
const userWith = (name: string, ...rights: string[]): string => {
  world.grants[name] = rights;
  return name;
};
const post = (who: string, path: string, sent: unknown = body()) =>
  world.ask(who, 'POST', path, sent);

describe.each([
  ['restores', 202],
  ['restores/plan', 200],
])('POST %s', (path, ok) => {
  it.each([
    ['without a target', { target: undefined }, {}],
    ['with a field that there is not', { force: true }, {}],
    ['with a mode that there is not', {}, { mode: 'merge' }],
    ['with a size for an existing claim', {}, { mode: 'empty', size: '1Gi' }],
    ['with a size that is none', {}, { size: 'large' }],
    ['with a name that no claim can have', {}, { name: '../x' }],
    ['with no path', { paths: [] }, {}],
  ])('refuses a request %s', async (_, change, target) => {
    const { status } = await post('admin', path, body(change, target));
    expect(status).toBe(400);
    expect(asked).toEqual([]);
  });

  it('needs the right to restore into the target, by its name', async () => {
    world.grants.restorer = ['get persistentvolumeclaims/archive *'];
    const { status, body: problem } = await post('restorer', path);
    expect([status, problem.message]).toEqual([
      403,
      expect.stringContaining(
        'restorer may not create persistentvolumeclaims/restore of copy in namespace shop'
      ),
    ]);
    expect(problem.hint).toContain('--clusterrole nkvm-restorer');
    const single = userWith(
      'single-claim',
      'get persistentvolumeclaims/archive *',
      'create persistentvolumeclaims/restore shop/copy'
    );
    expect((await post(single, path)).status).toBe(ok);
    expect((await post(single, path, body({}, { name: 'other' }))).status).toBe(403);
  });

  it('needs the right to read the archives of the claim that was backed up', async () => {
    world.grants.restorer = [
      'create persistentvolumeclaims/restore *',
      'get persistentvolumeclaims/backup *',
      'get persistentvolumeclaims/archive shop',
    ];
    const { status, body: problem } = await post('restorer', path);
    expect([status, problem.message]).toEqual([
      403,
      expect.stringContaining(
        'get persistentvolumeclaims/archive of invoices in namespace billing'
      ),
    ]);
    expect(asked).toEqual([]);
  });

  it.each([
    ['that does not exist', 'nothing'],
    ['that the caller may not see', 'of-locked'],
    ['that is a restore', 'a-restore'],
  ])('finds no backup %s', async (_, backup) => {
    await world.history.add([exampleRestore({ id: 'a-restore' })]);
    const { status, body: problem } = await post('restorer', path, body({ backup }));
    expect([status, problem.reason]).toEqual([404, 'BackupNotFound']);
    expect(asked).toEqual([]);
  });

  it.each([
    ['a namespace that is gone', 'of-gone'],
    ['an earlier namespace of that name', 'of-old-shop'],
    ['nobody knows', 'archive:somebody__elses.tar.gz'],
  ])('needs the right in all namespaces for an archive of %s', async (_, backup) => {
    world.grants.restorer = [
      'create persistentvolumeclaims/restore shop',
      'get persistentvolumeclaims/archive shop',
      'get persistentvolumeclaims/archive gone',
      'list persistentvolumeclaims/backup *',
    ];
    const { status, body: problem } = await post('restorer', path, body({ backup }));
    expect([status, problem.message]).toEqual([
      403,
      expect.stringContaining('get persistentvolumeclaims/archive in all namespaces'),
    ]);
    const everywhere = userWith(
      'everywhere',
      'create persistentvolumeclaims/restore shop',
      'get persistentvolumeclaims/archive *'
    );
    expect((await post(everywhere, path, body({ backup }))).status).toBe(ok);
  });

  it('takes an upload in the namespace that it was made in, and nowhere else', async () => {
    const upload = body({ backup: 'upload:u1' });
    const ofOneClaim = userWith('one', 'create persistentvolumeclaims/restore shop/copy');
    expect((await post(ofOneClaim, path, upload)).status).toBe(403);
    expect((await post('restorer', path, body({ backup: 'upload:u2' }))).status).toBe(404);
    expect((await post('restorer', path, upload)).status).toBe(ok);
    const elsewhere = { ...upload, target: { ...upload.target, namespace: 'billing' } };
    expect((await post('admin', path, elsewhere)).body.reason).toBe('UploadNotFound');
  });

  it('says nothing of rights that are not known', async () => {
    expect((await post('broken-api', path)).status).toBe(503);
  });
});

describe('the workloads of the target', () => {
  const restorerWith = (name: string, ...more: string[]) =>
    userWith(name, ...(world.grants.restorer ?? []), ...more);

  it.each<[PlanCheck['state'], string | null, string]>([
    ['passes', null, 'StatefulSet web will be stopped and started again'],
    ['warns', null, 'StatefulSet web: Argo CD application web may start it again'],
    ['later', null, 'the API server did not say: statefulsets "web"'],
    ['fails', 'ClaimInUse', 'claim shop/copy is used by pod web-0'],
    ['fails', 'WorkloadNotStoppable', 'Rollout web uses the claim and cannot be stopped'],
  ])('are named in a plan whose check %s (%s) to who may list pods', async (...of) => {
    const [state, reason, message] = of;
    const { checks, workloads } = plan;
    onTestFinished(() => void Object.assign(plan, { checks, workloads }));
    Object.assign(plan, {
      checks: [{ name: 'in-use', state, message, hint: reason && `stop ${message}`, reason }],
      workloads: [
        { kind: 'StatefulSet', name: 'web', replicas: 2, action: 'scale', obstacle: null },
      ],
    });
    const hidden = await post(restorerWith('without-pods'), 'restores/plan');
    expect(RestorePlan.parse(hidden.body)).toEqual(hidden.body);
    expect(hidden.body).toMatchObject({ workloads: [], checks: [{ state, reason }] });
    expect(JSON.stringify(hidden.body)).not.toContain('web');
    expect(JSON.stringify(hidden.body)).toContain('you may not list pods');
    const shown = await post(restorerWith('with-pods', 'list pods shop'), 'restores/plan');
    expect(shown.body).toEqual(plan);
  });

  it('are named in a refusal to who may list pods', async () => {
    const used = body({}, { name: 'used' });
    const hidden = await post(restorerWith('without-pods'), 'restores', used);
    expect([hidden.status, hidden.body.reason]).toEqual([409, 'ClaimInUse']);
    expect(JSON.stringify(hidden.body)).not.toContain('web');
    const shown = await post(restorerWith('with-pods', 'list pods shop'), 'restores', used);
    expect(shown.body.message).toContain('claim shop/used is used by pod web-0');
  });
});

it('gives the plan, and queues nothing', async () => {
  expect((await post('restorer', 'restores/plan')).body).toEqual(plan);
  expect(world.queue.depth()).toEqual({ queued: 0, running: 0 });
});

describe('POST restores', () => {
  it('queues the restore, with all that was asked', async () => {
    const { status, body: answer } = await post('restorer', 'restores', body({ paths: ['a/b'] }));
    expect(status).toBe(202);
    expect(Restore.parse(answer.restore)).toEqual(answer.restore);
    expect(answer.restore).toMatchObject({
      backup: 'of-billing',
      target: { namespace: 'shop', name: 'copy', uid: null, mode: 'new' },
      paths: ['a/b'],
      requestedBy: 'restorer',
      undoOf: null,
    });
    expect(asked[0]?.request).toMatchObject({ scale: false, safetyBackup: true });
    expect(world.history.get(answer.restore.id)).toMatchObject({
      kind: 'restore',
      priority: 'restore',
    });
  });

  it('refuses what the engine refuses, and a second one into the same claim', async () => {
    const full = await post('restorer', 'restores', body({}, { name: 'full' }));
    expect([full.status, full.body.reason]).toEqual([409, 'QuotaExceeded']);
    await post('restorer', 'restores');
    const second = await post('restorer', 'restores');
    expect([second.status, second.body.reason]).toEqual([409, 'RestoreUnderWay']);
    expect(world.history.list({ limit: 9 }, undefined, ['restore']).backups).toHaveLength(1);
  });
});

/** An existing claim. */
const INTO = { namespace: 'shop', name: 'orders-db-2', mode: 'overwrite' } as const;

const KEY = 'prod__billing__invoices__20261120T101112Z__01kbackup.tar.gz';

/** A restore into shop, of an archive of billing, with names of files everywhere. */
const withNames = (change: Partial<RunRecord> = {}): RunRecord =>
  exampleRestore(
    {
      id: 'r',
      namespaceUid: 'uid-shop',
      helper: { pod: 'p', node: 'n', image: 'i', lastWords: 'tar: ./secret: gone' },
      ...change,
    },
    {
      paths: ['secret'],
      source: {
        namespace: 'billing',
        name: 'invoices',
        uid: 'u',
        namespaceUid: 'uid-billing',
        createdAt: null,
      },
      comparison: {
        entries: 1,
        bytes: 1,
        differences: 1,
        examples: ['secret differs'],
        notRestored: [{ kind: 'owner', count: 1, names: ['secret'] }],
        leftOver: 0,
      },
    }
  );

describe('a restore', () => {
  beforeEach(() => world.history.add([withNames()]));

  it('is read by those who may see the backups of its target, and is not there for others', async () => {
    const { status, body: seen } = await world.ask('shopper', 'GET', 'restores/r');
    expect(status).toBe(200);
    expect(Restore.parse(seen)).toEqual(seen);
    for (const path of ['restores/r', 'restores/r/events', 'restores/nothing']) {
      const answer = await world.ask('viewer', 'GET', path);
      expect([answer.status, answer.body.reason]).toEqual([404, 'RestoreNotFound']);
    }
    expect((await post('viewer', 'restores/r/cancel')).status).toBe(404);
    expect((await post('viewer', 'restores/r/undo')).status).toBe(404);
  });

  it('is not a backup', async () => {
    expect((await world.ask('admin', 'GET', 'backups/r')).status).toBe(404);
    expect((await world.ask('admin', 'GET', 'restores/of-billing')).status).toBe(404);
    const list = await world.ask('admin', 'GET', 'backups');
    expect(JSON.stringify(list.body)).not.toContain('"restore"');
  });

  it.each([
    ['the target', 'get persistentvolumeclaims/archive shop/orders-db-2'],
    ['the source', 'get persistentvolumeclaims/archive billing/invoices'],
  ])(
    'shows names of files to who may read the archives of %s, and to nobody else',
    async (_, right) => {
      const without = await world.ask('shopper', 'GET', 'restores/r');
      expect(JSON.stringify(without.body)).not.toContain('secret');
      expect(without.body).toMatchObject({ paths: null, comparison: { differences: 1 } });
      const reader = userWith('reader', right, 'get persistentvolumeclaims/backup shop');
      const { body: seen } = await world.ask(reader, 'GET', 'restores/r');
      expect(seen).toMatchObject({
        paths: ['secret'],
        comparison: { examples: ['secret differs'], notRestored: [{ names: ['secret'] }] },
        helper: { lastWords: 'tar: ./secret: gone' },
      });
    }
  );

  it.each([
    ['a backup of another namespace', 'of-billing', 'billing'],
    ['an archive of another cluster', `archive:nas/${KEY}`, 'billing'],
    ['an archive of which nothing is known', `archive:${KEY}`, null],
  ])('of %s does not name it in any text', async (_, backup, namespace) => {
    const text = `archive ${KEY} of billing/invoices is damaged`;
    const { details, ...run } = withNames({
      ...{ id: 's', status: 'failed', message: text, hint: text, warnings: [text] },
    });
    if (details?.kind !== 'restore') throw new Error('not a restore');
    const source = {
      ...details.source,
      ...{ namespace, name: namespace && 'invoices', namespaceUid: 'of another cluster' },
    };
    const steps = [{ step: 'write', state: 'failed', message: text }] as const;
    await world.history.add([
      { ...run, details: { ...details, archive: KEY, backup, source, steps: [...steps] } },
    ]);
    const answers = async (who: string) => {
      const one = await world.ask(who, 'GET', 'restores/s');
      const list = await world.ask(who, 'GET', 'restores?namespace=shop');
      const stream = await world.follow(who, 'restores/s/events');
      await stream.ended;
      return [one.body, list.body.restores.find(({ id }: Restore) => id === 's'), stream.events];
    };
    for (const each of await answers('shopper')) {
      expect(JSON.stringify(each)).toContain('is damaged');
      expect(JSON.stringify(each)).not.toMatch(/__billing|invoices/);
    }
    for (const each of await answers('admin')) {
      expect(JSON.stringify(each)).toContain(`archive ${KEY} of billing/invoices`);
    }
  });

  it('names the claim of another namespace to who may see its backups, and to nobody else', async () => {
    const seenBy = async (user: string) => {
      const one = await world.ask(user, 'GET', 'restores/r');
      const list = await world.ask(user, 'GET', 'restores?namespace=shop');
      const [each] = (list.body.restores as { id: string }[]).filter(({ id }) => id === 'r');
      expect(each).toMatchObject({ source: one.body.source, archive: one.body.archive });
      return JSON.stringify([one.body.source, one.body.archive]);
    };
    const inShop = [
      'get persistentvolumeclaims/backup shop',
      'list persistentvolumeclaims/backup shop',
    ];
    const both = userWith(
      'both',
      ...inShop,
      'get persistentvolumeclaims/backup billing',
      'list persistentvolumeclaims/backup billing'
    );
    expect(await seenBy(userWith('one', ...inShop))).toBe('[{"namespace":null,"name":null},""]');
    expect(await seenBy(both)).toContain('{"namespace":"billing","name":"invoices"}');
    expect(await seenBy('admin')).toContain('{"namespace":"billing","name":"invoices"}');
  });

  it('names pods and workloads to who may list pods, and to nobody else', async () => {
    const stopped =
      'StatefulSet shop/web stays stopped; to start it: kubectl scale statefulset web -n shop --replicas 2';
    const waiting = 'claim shop/orders-db-2 is used by pod web-0';
    const steps = [
      { step: 'scale-down', state: 'failed', message: 'pod web-0 of StatefulSet web stays' },
      { step: 'scale-up', state: 'done', message: 'set StatefulSet shop/web back to 2 replicas' },
    ] as const;
    await world.history.add([
      exampleRestore(
        {
          ...{ id: 's', namespaceUid: 'uid-shop', status: 'failed', reason: 'PodsStay' },
          ...{ message: waiting, hint: 'kubectl describe pod web-0 -n shop', warnings: [stopped] },
        },
        { ...{ steps: [...steps], scale: true, safetyBackupId: 'b' }, target: INTO }
      ),
    ]);
    const answers = async (who: string): Promise<string[]> => {
      const one = await world.ask(who, 'GET', 'restores/s');
      expect(Restore.parse(one.body)).toEqual(one.body);
      const list = await world.ask(who, 'GET', 'restores?namespace=shop');
      const stream = await world.follow(who, 'restores/s/events');
      await stream.ended;
      const listed = list.body.restores.find(({ id }: Restore) => id === 's');
      return [one.body, listed, stream.events].map(each => JSON.stringify(each));
    };
    const rights = [
      'get persistentvolumeclaims/backup shop',
      'list persistentvolumeclaims/backup shop',
    ];
    for (const each of await answers(userWith('without-pods', ...rights))) {
      expect(each).not.toContain('web');
      expect(each).toContain('still in use after its workloads were stopped');
      // What it means for the data stays.
      expect(each).toContain('holds a part of the archive');
      expect(each).toContain('safety backup b');
      expect(each).toContain('a workload stays stopped');
    }
    for (const each of await answers(userWith('with-pods', ...rights, 'list pods shop'))) {
      expect(each).toContain(waiting);
      expect(each).toContain(stopped);
      expect(each).toContain('pod web-0 of StatefulSet web');
    }
  });

  it('of a namespace that was made again is for those who may read all', async () => {
    await world.history.add([withNames({ id: 'old', namespaceUid: 'uid-of-an-older-shop' })]);
    expect((await world.ask('shopper', 'GET', 'restores/old')).status).toBe(404);
    expect((await world.ask('admin', 'GET', 'restores/old')).status).toBe(200);
  });

  it('is shown although another version wrote its details', async () => {
    const { details, ...run } = withNames({ id: 'new' });
    void details;
    await world.history.add([run]);
    const { body: seen } = await world.ask('admin', 'GET', 'restores/new');
    expect(Restore.parse(seen)).toMatchObject({
      id: 'new',
      warnings: [expect.stringContaining('another version')],
    });
  });
});

describe('the list of restores', () => {
  beforeEach(() =>
    world.history.add([
      withNames({ id: 'a', createdAt: '2026-11-20T10:00:00.000Z' }),
      withNames({ id: 'b', createdAt: '2026-11-20T11:00:00.000Z', status: 'failed' }),
      withNames({
        id: 'c',
        createdAt: '2026-11-20T12:00:00.000Z',
        namespace: 'billing',
        namespaceUid: 'uid-billing',
      }),
    ])
  );
  const ids = async (who: string, query = '') => {
    const { body: list } = await world.ask(who, 'GET', `restores${query}`);
    return list.restores?.map(({ id }: { id: string }) => id) ?? list.reason;
  };

  it('shows everybody what they may see, newest first', async () => {
    expect(await ids('admin')).toEqual(['c', 'b', 'a']);
    expect(await ids('shopper')).toEqual(['b', 'a']);
    expect(await ids('nobody')).toBe('Forbidden');
    expect(await ids('shopper', '?namespace=billing')).toBe('Forbidden');
    const { body: list } = await world.ask('shopper', 'GET', 'restores');
    expect(JSON.stringify(list)).not.toContain('secret');
  });

  it('has filters and pages', async () => {
    expect(await ids('admin', '?namespace=billing')).toEqual(['c']);
    expect(await ids('admin', '?status=failed')).toEqual(['b']);
    expect(await ids('admin', '?name=nothing')).toEqual([]);
    const { body: first } = await world.ask('admin', 'GET', 'restores?limit=2');
    expect(await ids('admin', `?limit=2&cursor=${first.nextCursor}`)).toEqual(['a']);
  });
});

describe('cancelling a restore', () => {
  it('needs the right that it was started with', async () => {
    const { body: answer } = await post('restorer', 'restores');
    const { id } = answer.restore;
    const refused = await post('shopper', `restores/${id}/cancel`);
    expect([refused.status, refused.body.message]).toEqual([
      403,
      expect.stringContaining('create persistentvolumeclaims/restore of copy'),
    ]);
    const cancelled = await post('restorer', `restores/${id}/cancel`);
    expect(cancelled.body).toMatchObject({ id, status: 'cancelled' });
    const again = await post('restorer', `restores/${id}/cancel`);
    expect([again.status, again.body.reason]).toEqual([409, 'AlreadyEnded']);
  });
});

describe('undoing a restore', () => {
  const safety = exampleRun({ id: 'safety', name: 'orders-db-2', namespaceUid: 'uid-shop' });

  it('restores its safety backup, and says what it undoes', async () => {
    const details = exampleRestoreDetails({ safetyBackupId: 'safety' });
    await world.history.add([safety, withNames({ id: 'done', details })]);
    world.grants.restorer?.push('get persistentvolumeclaims/archive shop');
    const { status, body: answer } = await post('restorer', 'restores/done/undo');
    expect(status).toBe(202);
    expect(answer.restore).toMatchObject({
      backup: 'safety',
      undoOf: 'done',
      target: { namespace: 'shop', name: 'orders-db-2', mode: 'mirror' },
    });
  });

  it('needs the rights of any restore', async () => {
    const details = exampleRestoreDetails({ safetyBackupId: 'safety' });
    await world.history.add([safety, withNames({ id: 'done', details })]);
    expect((await post('shopper', 'restores/done/undo')).status).toBe(403);
    const { status, body: problem } = await post('restorer', 'restores/done/undo');
    expect([status, problem.message]).toEqual([
      403,
      expect.stringContaining('/archive of orders-db-2'),
    ]);
    expect(asked).toEqual([]);
  });

  it('is refused where nothing can be undone', async () => {
    await world.history.add([withNames({ id: 'done' })]);
    const { status, body: problem } = await post('admin', 'restores/done/undo');
    expect([status, problem.reason]).toEqual([409, 'NothingToUndo']);
  });
});

it('follows a restore to its end', async () => {
  const { body: answer } = await post('restorer', 'restores');
  const stream = await world.follow('restorer', `restores/${answer.restore.id}/events`);
  await expect.poll(() => stream.events.at(-1)?.data.status).toBe('running');
  world.finish('success');
  await stream.ended;
  expect(new Set(stream.events.map(({ event }) => event))).toEqual(new Set(['restore']));
  expect(stream.events.at(-1)?.data).toMatchObject({ status: 'success' });
  expect(Restore.parse(stream.events.at(-1)?.data)).toBeTruthy();
});

describe('a plan of a restore into an existing claim', () => {
  const names = { count: 2, names: ['secret/a', 'secret/b'] };
  const none = { count: 2, names: [] };
  const existing = () => body({}, { name: 'orders-db', mode: 'mirror' });
  const files = { added: names, replaced: names, unchanged: names, leftOver: names };

  it('names files of the claim only to who may read its archives', async () => {
    plan.files = { ...files, isComplete: true };
    const reader = userWith(
      'reader',
      ...world.grants.restorer!,
      'get persistentvolumeclaims/archive shop/orders-db'
    );
    expect((await post(reader, 'restores/plan', existing())).body.files).toEqual(plan.files);
    expect((await post('restorer', 'restores/plan', existing())).body.files).toEqual({
      ...{ added: none, replaced: none, unchanged: none, leftOver: none },
      isComplete: true,
    });
    plan.files = null;
  });

  it('is one of few at once', async () => {
    let tooMany = 0;
    let goOn = () => {};
    const wait = new Promise<void>(resolve => (goOn = resolve));
    const { plan: planned } = engine;
    engine.plan = async (...args) => {
      await wait;
      return await planned(...args);
    };
    const all = Array.from({ length: 20 }, () => post('restorer', 'restores/plan', existing()));
    const refused = all.map(async each => {
      const answer = await each;
      if (answer.status === 429 && ++tooMany === 16) goOn();
      return answer;
    });
    const answers = await Promise.all(refused);
    engine.plan = planned;
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
    expect(answers.find(({ status }) => status === 429)?.body.reason).toBe('TooManyPlans');
  });
});
