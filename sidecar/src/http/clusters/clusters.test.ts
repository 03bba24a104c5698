import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TOKEN_CLUSTER_HEADER } from '../../../api/index.ts';
import type { RestoreEngine } from '../../restore/types.ts';
import {
  exampleCheck,
  exampleRestore,
  exampleRestoreDetails,
} from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { Answer, HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';
import { rightsOf } from '../rights/rights.ts';
import { tokenReviews } from '../rights/tokenReviews.ts';
import type { ClusterNow } from './clusters.ts';
import { remoteRights } from './remoteRights.ts';

/** Archives that retention would delete at once; in NKVM's own cluster, it is another number. */
const EDGE_REMOVES = 9;

/** NKVM's own cluster. */
let own: HttpTestWorld;
/** Another one, with namespaces and claims of the same names, and the same UIDs. */
let edge: HttpTestWorld;
let now: ClusterNow | undefined;
let isGone: boolean;

const engine: RestoreEngine = {
  plan: async () => {
    throw new Error('no test plans');
  },
  admit: async ({ backup, target }) => ({
    target: { namespace: target.namespace, name: target.name, uid: '' },
    details: exampleRestoreDetails({
      ...{ backup, target },
      source: {
        ...{ namespace: 'shop', name: 'orders-db', uid: 'u', namespaceUid: 'uid-shop' },
        ...{ createdAt: null, cluster: own.history.get(backup) ? null : 'edge' },
      },
    }),
  }),
  undoOf: () => {
    throw new Error('no test undoes');
  },
};

beforeEach(async () => {
  isGone = false;
  edge = await httpWorld({ retention: { approve: (_, removed) => removed === EDGE_REMOVES } });
  const { parts } = edge;
  own = await httpWorld({
    restores: engine,
    clusters: {
      names: () => ['edge'],
      of: name => (name === 'edge' ? now : undefined),
      find(id) {
        const here = own.history.get(id);
        if (here) return { run: here, cluster: undefined };
        const there = edge.history.get(id);
        return there && { run: there, cluster: 'edge' };
      },
    },
  });
  const there = rightsOf(
    { may: (subject, action) => may(edge.parts, subject, action) },
    undefined,
    'edge'
  );
  now = {
    world: {
      ...{ cluster: 'edge', queue: parts.queue, history: parts.history, open: parts.open },
      ...{ admission: parts.admission, inventory: parts.inventory, coverage: parts.coverage },
      ...{ restores: engine, drills: engine, retention: parts.retention },
      rights: remoteRights({
        ...{ cluster: 'edge', own: own.parts.rights, there, namespace: 'nkvm' },
        isGone: () => isGone,
      }),
      reviews: tokenReviews(parts.access),
    },
  };
  // The same ServiceAccount name in both clusters; it may do everything in `shop` of the other one.
  edge.grants.shopper?.push(
    'create persistentvolumeclaims/restore shop',
    'get persistentvolumeclaims/archive shop'
  );
  own.grants.keeper = ['use clusters nkvm/edge'];
  own.grants.looker = ['get clusters nkvm/edge'];
  own.grants.shopper?.push(
    'create persistentvolumeclaims/restore shop',
    'get persistentvolumeclaims/archive shop'
  );
});
afterEach(async () => {
  await own.close();
  await edge.close();
});

/** The API server of that cluster. */
const may = async (
  { access }: HttpTestWorld['parts'],
  ...asked: Parameters<Parameters<typeof rightsOf>[0]['may']>
): Promise<boolean> => await (access as unknown as Parameters<typeof rightsOf>[0]).may(...asked);

const FROM_EDGE = { [TOKEN_CLUSTER_HEADER.toLowerCase()]: 'edge' };
const get = (who: string, path: string, headers?: Record<string, string>) =>
  own.ask(who, 'GET', path, undefined, headers);
const post = (who: string, path: string, body: object, headers?: Record<string, string>) =>
  own.ask(who, 'POST', path, body, headers);
const isRefused = ({ status, body }: Answer): string => `${status} ${body.reason}`;
const backups = ({ body }: Answer): string[] => body.backups.map(({ id }: { id: string }) => id);

describe('runs of another cluster', () => {
  let here: string;
  let there: string;
  beforeEach(async () => {
    const runs = ['a', 'b'].map(id =>
      exampleRun({ id, namespace: 'shop', namespaceUid: 'uid-shop' })
    );
    await own.history.add(runs.slice(0, 1));
    await edge.history.add(runs.slice(1));
    [here, there] = ['a', 'b'] as [string, string];
  });

  it.each(['shopper', 'admin'])(
    'are not visible to %s of the own cluster by rights in a namespace of the same name',
    async who => {
      const isAdmin = who === 'admin'; // who may do everything, `use clusters/edge` too
      expect(backups(await get(who, 'backups'))).toEqual([here]);
      expect(backups(await get(who, 'backups?namespace=shop'))).toEqual([here]);
      const answers = [
        await get(who, `backups/${there}`),
        await get(who, `backups/${there}/files?path=`),
        await get(who, `backups/${there}/checks`),
        await post(who, `backups/${there}/cancel`, {}),
        await post(who, `backups/${there}/copies`, { destination: 'local' }),
        await post(who, `backups/${there}/downloads`, {}),
        await post(who, `backups/${there}/verify`, {}),
      ];
      for (const answer of answers) {
        if (isAdmin) expect(answer.body.reason).not.toBe('BackupNotFound');
        else expect(answer).toMatchObject({ status: 404, body: { reason: 'BackupNotFound' } });
      }
    }
  );

  it('are visible with `use` of the cluster, and to callers who prove their rights there', async () => {
    expect(backups(await get('keeper', 'backups?cluster=edge'))).toEqual([there]);
    const answer = await get('keeper', `backups/${there}`);
    expect(answer).toMatchObject({ status: 200, body: { id: there, cluster: 'edge' } });
    expect(backups(await get('shopper', 'backups?cluster=edge', FROM_EDGE))).toEqual([there]);
    expect((await get('shopper', `backups/${there}`, FROM_EDGE)).status).toBe(200);
  });

  it('are not visible to callers who may only see the volumes of the cluster', async () => {
    expect((await get('looker', 'volumes?cluster=edge')).status).toBe(200);
    expect((await get('looker', 'backups?cluster=edge')).status).toBe(403);
    expect((await get('looker', `backups/${there}`)).status).toBe(404);
  });

  it('of the own cluster are not visible to callers of another one', async () => {
    for (const path of ['backups', 'backups?namespace=shop', 'volumes', 'policy', 'restores']) {
      expect((await get('admin', path, FROM_EDGE)).status).toBe(403);
    }
    expect((await get('admin', `backups/${here}`, FROM_EDGE)).status).toBe(404);
    expect((await get('admin', `backups/${here}/files?path=`, FROM_EDGE)).status).toBe(404);
    expect((await get('admin', 'archives', FROM_EDGE)).status).toBe(403);
    expect((await get('admin', 'backups/archive:x.tar.gz/files', FROM_EDGE)).status).toBe(403);
    expect((await get('admin', 'destinations', FROM_EDGE)).body).not.toHaveProperty('local');
  });

  it('are not visible any more once the cluster was removed', async () => {
    isGone = true;
    expect((await get('keeper', `backups/${there}`)).status).toBe(404);
    expect((await get('shopper', `backups/${there}`, FROM_EDGE)).status).toBe(404);
  });
});

describe('a run that is not found', () => {
  beforeEach(async () => {
    await own.history.add([exampleRun({ id: 'a', namespace: 'shop', namespaceUid: 'uid-shop' })]);
    const message = 'cluster edge cannot be used yet: it does not answer';
    now = {
      problem: { ...{ reason: 'ClusterUnreachable', message }, hint: 'wait', isPassing: true },
    };
  });

  it('may be of a cluster whose runs are not known now, for who may know of it', async () => {
    for (const who of ['keeper', 'looker'])
      for (const path of ['backups/x', 'backups/a', 'backups/x/checks', 'restores/x', 'checks/x'])
        expect(await get(who, path)).toMatchObject({
          status: 503,
          body: {
            reason: 'ClusterUnreachable',
            message: expect.stringMatching(/^[ax] may be of cluster edge: cluster edge cannot be/),
          },
        });
    expect((await get('admin', 'backups/a')).status).toBe(200);
    own.grants.both = [...(own.grants.shopper ?? []), 'use clusters nkvm/edge'];
    const target = { namespace: 'shop', name: 'copy', mode: 'new' };
    const restore = await post('both', 'restores', { backup: 'x', target });
    expect(isRefused(restore)).toBe('503 ClusterUnreachable');
  });

  it('is not there where a cluster is not used before somebody corrects that', async () => {
    now = {
      problem: { reason: 'ClusterKnownAlready', message: 'no', hint: 'no', isPassing: false },
    };
    expect(isRefused(await get('keeper', 'backups/x'))).toBe('404 BackupNotFound');
  });

  it('is not there for all others', async () => {
    for (const id of ['x', 'a'])
      expect(isRefused(await get('nobody', `backups/${id}`))).toBe('404 BackupNotFound');
  });
});

describe('a token', () => {
  it('goes to the API server of the cluster that it is said to be of, and to no other', async () => {
    own.reviews.length = 0;
    await get('shopper', 'volumes?cluster=edge', FROM_EDGE);
    expect(own.reviews.filter(line => line.startsWith('nkvm '))).toEqual([]);
    edge.reviews.length = 0;
    await get('shopper', 'volumes?cluster=edge');
    await get('keeper', 'volumes?cluster=edge');
    expect(edge.reviews).toEqual([]);
  });

  it('of a cluster that does not answer is neither valid nor invalid', async () => {
    const answer = await get('broken-api', 'volumes?cluster=edge', FROM_EDGE);
    expect(answer).toMatchObject({ status: 503, body: { reason: 'RightsUnknown' } });
    expect(answer.body.detail).toContain('cluster edge');
  });

  it('of a cluster that there is not is not valid', async () => {
    const answer = await get('shopper', 'volumes', { [TOKEN_CLUSTER_HEADER]: 'other' });
    expect(isRefused(answer)).toBe('401 TokenInvalid');
  });
});

describe('the name of a cluster', () => {
  it('chooses whose volumes are listed; without one, or with its own, they are of the own cluster', async () => {
    edge.remove('shop', 'orders-db');
    edge.put('shop', 'orders-db', { uid: 'uid-of-edge' });
    const uid = async (query: string) => {
      const { body } = await get('admin', `volumes${query}`);
      return body.volumes.find(({ name }: { name: string }) => name === 'orders-db').uid;
    };
    expect(await uid('')).toBe('uid-shop-orders-db');
    expect(await uid('?cluster=test')).toBe('uid-shop-orders-db');
    expect(await uid('?cluster=edge')).toBe('uid-of-edge');
    const one = await get('admin', 'volumes/shop/orders-db?cluster=edge');
    expect(one.body.uid).toBe('uid-of-edge');
  });

  it('that there is not, or that the caller may not see, is not found; only others are named', async () => {
    for (const who of ['nobody', 'shopper']) {
      const [unknown, hidden] = [
        await get(who, 'volumes?cluster=other'),
        await get(who, 'volumes?cluster=edge'),
      ];
      expect(unknown.status).toBe(404);
      expect(JSON.stringify(unknown.body)).not.toContain('edge');
      expect(JSON.stringify(hidden.body).replaceAll('edge', 'other')).toBe(
        JSON.stringify(unknown.body)
      );
    }
    const known = await get('keeper', 'volumes?cluster=other');
    expect(known).toMatchObject({ status: 404, body: { reason: 'ClusterNotFound' } });
    expect(known.body.hint).toContain('edge');
  });

  it('of one that cannot be reached is answered at once, and the others are as before', async () => {
    now = {
      problem: { reason: 'ClusterUnreachable', message: 'edge: no', hint: 'wait', isPassing: true },
    };
    expect(isRefused(await get('keeper', 'volumes?cluster=edge'))).toBe('503 ClusterUnreachable');
    expect(isRefused(await get('shopper', 'volumes?cluster=edge', FROM_EDGE))).toBe(
      '503 ClusterUnreachable'
    );
    expect((await get('shopper', 'volumes')).status).toBe(200);
  });
});

describe('backups and restores in another cluster', () => {
  const volumes = [{ namespace: 'shop', name: 'orders-db' }];
  const target = { namespace: 'shop', name: 'copy', mode: 'new' };

  it('start there, with the rights there', async () => {
    expect(isRefused(await post('shopper', 'backups', { cluster: 'edge', volumes }))).toBe(
      '404 ClusterNotFound'
    );
    expect(isRefused(await post('looker', 'backups', { cluster: 'edge', volumes }))).toBe(
      '403 Forbidden'
    );
    expect(own.queue.depth()).toEqual({ queued: 0, running: 0 });
    expect(edge.queue.depth()).toEqual({ queued: 0, running: 0 });
    const started = await post('keeper', 'backups', { cluster: 'edge', volumes });
    expect(started).toMatchObject({ status: 202, body: { backups: [{ cluster: 'edge' }] } });
    expect(edge.queue.depth()).toEqual({ queued: 0, running: 1 });
    expect(own.queue.depth()).toEqual({ queued: 0, running: 0 });
    const theirs = await post('shopper', 'backups', { cluster: 'edge', volumes }, FROM_EDGE);
    expect(theirs.status).toBe(202);
    expect(edge.history.get(theirs.body.backups[0].id)?.requestedBy).toBe('keeper');
  });

  it('restore from one into the other only with rights on both sides', async () => {
    await edge.history.add([
      exampleRun({ id: 'of-edge', namespace: 'shop', namespaceUid: 'uid-shop' }),
    ]);
    await own.history.add([
      exampleRun({ id: 'of-own', namespace: 'shop', namespaceUid: 'uid-shop' }),
    ]);
    own.grants.both = [...(own.grants.shopper ?? []), 'use clusters nkvm/edge'];
    const intoOwn = { backup: 'of-edge', target };
    const intoEdge = { cluster: 'edge', backup: 'of-own', target };
    // A right on the target alone, on the source alone, and a name that has both, each in its own cluster.
    expect(isRefused(await post('shopper', 'restores', intoOwn))).toBe('404 BackupNotFound');
    expect(isRefused(await post('keeper', 'restores', intoOwn))).toBe('403 Forbidden');
    expect(isRefused(await post('keeper', 'restores', intoEdge))).toBe('404 BackupNotFound');
    expect(isRefused(await post('shopper', 'restores', intoEdge))).toBe('404 ClusterNotFound');
    expect(isRefused(await post('shopper', 'restores', intoEdge, FROM_EDGE))).toBe(
      '404 BackupNotFound'
    );
    expect(isRefused(await post('shopper', 'restores', intoOwn, FROM_EDGE))).toBe('403 Forbidden');
    expect((await post('both', 'restores', intoOwn)).status).toBe(202);
    expect((await post('both', 'restores', intoEdge)).status).toBe(202);
    const shown = async (who: string) => (await get(who, 'restores')).body.restores[0].source;
    expect(await shown('both')).toEqual({ namespace: 'shop', name: 'orders-db' });
    expect(await shown('shopper')).toEqual({ namespace: null, name: null });
  });

  it('take no upload into another cluster, and say so', async () => {
    const refused = await post('keeper', 'restores', {
      ...{ cluster: 'edge', backup: 'upload:u1' },
      target,
    });
    expect(isRefused(refused)).toBe('404 UploadNotFound');
    expect(refused.body.message).toContain('the cluster of NKVM only');
  });

  it('take archives of another cluster that no backup has only with `use` of it', async () => {
    own.grants.everywhere = [
      'get persistentvolumeclaims/archive *',
      'create persistentvolumeclaims/restore *',
    ];
    // One that NKVM backs up, and one whose name it does not know any more.
    for (const name of ['edge', 'gone']) {
      const key = `${name}__shop__orders-db__20261121T100000Z__r1.tar.gz`;
      const restore = { backup: `archive:${key}`, target };
      expect(isRefused(await post('everywhere', 'restores', restore))).toBe('403 Forbidden');
      expect(isRefused(await get('everywhere', `backups/archive:${key}/files`))).toBe(
        '403 Forbidden'
      );
      own.grants[name] = [...(own.grants.everywhere ?? []), `use clusters nkvm/${name}`];
      // The second meets the first, which goes on.
      expect([202, 409]).toContain((await post(name, 'restores', restore)).status);
    }
  });
});

describe('where a destination is', () => {
  const HOST = 'nas.example.com';
  const text = `destination nas: nothing listens at ${HOST}:990`;
  const HIDDEN = 'destination nas: nothing listens at …';
  beforeEach(async () => {
    const settings = { host: HOST, username: 'backup', password: 'x', tls: 'implicit' };
    own.configure([{ name: 'nas', kind: 'ftps', data: settings, annotations: {} }]);
    const failed = {
      ...({ status: 'failed', stage: 'copy', reason: 'ConnectionRefused' } as const),
      ...{ message: text, hint: text, namespace: 'shop', name: 'orders-db' },
      ...{ uid: 'uid-shop-orders-db', namespaceUid: 'uid-shop' },
    };
    await edge.history.add([
      exampleRun({ ...failed, id: 'b' }),
      exampleCheck('verify', { ...failed, id: 'v' }),
      exampleRestore({ ...failed, id: 'r' }, { backup: 'b' }),
    ]);
    own.grants.knower = ['use clusters nkvm/edge', 'get destinations nkvm'];
  });

  const messages = async (who: string, headers?: Record<string, string>) => {
    const answers: string[] = [];
    for (const path of ['backups/b', 'checks/v', 'restores/r'])
      answers.push((await get(who, path, headers)).body.message);
    return answers;
  };

  it('is in runs of another cluster for those who may read destinations of NKVM', async () => {
    for (const who of ['admin', 'knower']) expect(await messages(who)).toEqual([text, text, text]);
    const stream = await own.follow('knower', 'backups/b/events');
    await stream.ended;
    expect(stream.events[0]?.data.message).toBe(text);
  });

  it('is not for callers who may do everything in that cluster', async () => {
    expect(await messages('keeper')).toEqual([HIDDEN, HIDDEN, HIDDEN]);
    expect(await messages('admin', FROM_EDGE)).toEqual([HIDDEN, HIDDEN, HIDDEN]);
  });
});

describe('a restore of an archive that no backup has into another cluster', () => {
  const archive = 'test__billing__invoices__20261121T100000Z__r1.tar.gz';
  beforeEach(async () => {
    const target = { namespace: 'shop', name: 'copy', uid: 'uid-shop-copy' };
    const source = { namespace: 'billing', name: 'invoices', uid: 'u', namespaceUid: 'gone' };
    await edge.history.add([
      exampleRestore(
        { ...target, id: 'r', namespaceUid: 'uid-shop', message: `read ${archive}` },
        { backup: `archive:${archive}`, archive, source: { ...source, createdAt: null } }
      ),
    ]);
  });

  it.each([
    ['shown', 'admin', undefined, { namespace: 'billing', name: 'invoices' }],
    ['not shown to all who may use that cluster', 'keeper', undefined, null],
    ['not shown to administrators of that cluster', 'admin', FROM_EDGE, null],
  ])('has its claim %s', async (_, who, headers, of) => {
    const shown = of ?? { namespace: null, name: null };
    const one = (await get(who, 'restores/r', headers)).body;
    const [listed] = (await get(who, 'restores?cluster=edge', headers)).body.restores;
    for (const restore of [one, listed]) {
      expect(restore.source).toEqual(shown);
      expect(JSON.stringify(restore).includes('invoices')).toBe(of !== null);
    }
  });
});

describe('an approval of retention', () => {
  const approve = (who: string, body: object, headers?: Record<string, string>) =>
    post(who, 'retention/approve', { destination: 'local', ...body }, headers);

  it('counts in the cluster that it names, and in no other', async () => {
    const theirs = { cluster: 'edge', removed: EDGE_REMOVES };
    expect(await approve('admin', theirs)).toMatchObject({ status: 202, body: theirs });
    expect(isRefused(await approve('admin', { removed: EDGE_REMOVES }))).toBe(
      '409 RetentionPlanChanged'
    );
    const ofOwn = await approve('admin', { cluster: 'edge', removed: 7 });
    expect(isRefused(ofOwn)).toBe('409 RetentionPlanChanged');
    expect(ofOwn.body.message).toContain('of cluster edge');
    expect((await approve('admin', { removed: 7 })).status).toBe(202);
    expect(isRefused(await approve('admin', { cluster: 'other', removed: 7 }))).toBe(
      '404 ClusterNotFound'
    );
  });

  it('is for administrators of NKVM alone, also where they have all rights in the other cluster', async () => {
    const theirs = { cluster: 'edge', removed: EDGE_REMOVES };
    expect(isRefused(await approve('keeper', theirs))).toBe('403 Forbidden');
    expect(isRefused(await approve('admin', theirs, FROM_EDGE))).toBe('403 Forbidden');
  });
});

describe('the audit log', () => {
  const newest = async () => (await own.audit.page({}, Infinity, 1)).entries[0];
  const volumes = [{ namespace: 'shop', name: 'orders-db' }];
  beforeEach(async () => {
    edge.put('shop', 'orders-db', { uid: 'uid-of-edge' });
    await edge.history.add([
      exampleRun({ id: 'of-edge', namespace: 'shop', uid: 'uid-then', namespaceUid: 'uid-shop' }),
    ]);
  });

  it('names the cluster of claims and runs, and has their identities there', async () => {
    await post('keeper', 'backups', { cluster: 'edge', volumes });
    expect(await newest()).toMatchObject({
      ...{ action: 'backup.start', cluster: 'edge', result: 'allowed' },
      claims: [{ ...volumes[0], uid: 'uid-of-edge' }],
    });
    await post('keeper', 'backups/of-edge/cancel', {});
    expect(await newest()).toMatchObject({
      ...{ action: 'backup.cancel', cluster: 'edge', runs: ['of-edge'] },
      claims: [{ ...volumes[0], uid: 'uid-then' }],
    });
    await post('shopper', 'backups', { volumes });
    expect(await newest()).toMatchObject({
      cluster: 'test',
      claims: [{ ...volumes[0], uid: 'uid-shop-orders-db' }],
    });
    await post('admin', 'retention/approve', { cluster: 'edge', destination: 'local', removed: 1 });
    expect(await newest()).toMatchObject({ action: 'retention.approve', cluster: 'edge' });
  });

  it('has both claims of a restore from one cluster into the claim of the same name in the other', async () => {
    own.grants.both = [...(own.grants.shopper ?? []), 'use clusters nkvm/edge'];
    const target = { ...volumes[0], mode: 'overwrite' };
    await post('both', 'restores', { backup: 'of-edge', target });
    expect(await newest()).toMatchObject({
      ...{ action: 'restore.start', cluster: 'test', backup: 'of-edge' },
      claims: [
        { ...volumes[0], uid: 'uid-shop-orders-db' },
        { ...volumes[0], uid: 'uid-then' },
      ],
      detail: expect.stringContaining('backup of cluster edge'),
    });
  });

  it('says which cluster has told who a caller is', async () => {
    await post('shopper', 'backups', { cluster: 'edge', volumes }, FROM_EDGE);
    expect((await newest())?.actor).toMatchObject({ name: 'shopper', cluster: 'edge' });
    await post('shopper', 'backups', { volumes });
    expect((await newest())?.actor).not.toHaveProperty('cluster');
  });
});
