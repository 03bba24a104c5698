import { describe, expect, it, onTestFinished } from 'vitest';
import type { RestorePlan } from '../../../api/index.ts';
import type { RestoreEngine } from '../../restore/types.ts';
import { testArchive } from '../../testing/archive/testArchive.ts';
import {
  exampleCheck,
  exampleRestore,
  exampleRestoreDetails,
} from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';
import type {
  DeclaredPathRight,
  DeclaredRight,
  DeclaredRoute,
  RightScope,
  RouteRights,
} from './declared.ts';
import { SEE_RUN, textOfRight } from './declared.ts';

const KEY = 'kind__billing__invoices__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz';
const made = testArchive(KEY, 'echo hello > file');
const GZIP = { 'content-type': 'application/gzip' };

/** A request that reaches its handler, by a caller with the declared rights. */
interface Example {
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Which of the rights with `when` it needs. */
  when?: string;
  /** The answer goes on until somebody aborts it. */
  isEndless?: true;
  /** Is done before, with all rights that the route declares; what it returns takes the place of ID in the path. */
  before?: (world: HttpTestWorld, who: string) => Promise<string>;
}

const to = (path: string, more: Partial<Example> = {}): Example[] => [{ path, ...more }];
const volumes = [{ namespace: 'shop', name: 'orders-db' }];
const restore = {
  backup: 'of-invoices',
  target: { namespace: 'shop', name: 'orders-db', mode: 'overwrite' },
};
const settings = { name: 'offsite', kind: 'directory', settings: { path: '/nowhere' } };
const upload = async (world: HttpTestWorld): Promise<string> =>
  (await world.ask('admin', 'POST', 'uploads?namespace=shop', made.archive, GZIP)).body.id;
const ticket = async (world: HttpTestWorld, who: string): Promise<string> => {
  const path = 'backups/of-invoices/downloads';
  const { body } = await world.ask(who, 'POST', path, { paths: ['file'] });
  return body.path.split('/').at(-1);
};

/**
 * An example of each route that needs a right. What it names fits the scopes: the claim is shop/orders-db, the claim that was
 * backed up is billing/invoices, the namespace is shop.
 */
const EXAMPLES: Record<string, Example[]> = {
  'GET /metrics': to('/metrics'),
  'GET /api/v1/volumes': to('volumes?namespace=shop'),
  'GET /api/v1/volumes/:namespace/:name': to('volumes/shop/orders-db'),
  'GET /api/v1/volumes/events': to('volumes/events?namespace=shop', { isEndless: true }),
  'GET /api/v1/policy': to('policy?namespace=shop'),
  'GET /api/v1/policy/:namespace/:name': to('policy/shop/orders-db'),
  'POST /api/v1/retention/approve': to('retention/approve', {
    body: { destination: 'local', removed: 7 },
  }),
  'GET /api/v1/backups': to('backups?namespace=shop'),
  'POST /api/v1/backups': to('backups', { body: { volumes } }),
  'GET /api/v1/backups/:id': to('backups/of-orders'),
  'POST /api/v1/backups/:id/cancel': to('backups/of-orders/cancel', { body: {} }),
  'GET /api/v1/backups/:id/events': to('backups/of-orders/events'),
  'POST /api/v1/backups/:id/verify': to('backups/of-orders/verify', { body: {} }),
  'POST /api/v1/backups/:id/drill': [
    ...to('backups/of-orders/drill', { body: {} }),
    ...to('backups/of-orders/drill', {
      body: { image: 'x', command: ['y'] },
      when: 'the drill runs a command',
    }),
  ],
  'GET /api/v1/backups/:id/checks': to('backups/of-orders/checks'),
  'GET /api/v1/checks/:id': to('checks/a-verification'),
  'GET /api/v1/checks/:id/events': to('checks/a-verification/events'),
  'POST /api/v1/checks/:id/cancel': [
    ...to('checks/a-verification/cancel', { body: {}, when: 'the check is a verification' }),
    ...to('checks/a-drill/cancel', { body: {}, when: 'the check is a drill' }),
  ],
  'POST /api/v1/backups/:id/copies': to('backups/of-orders/copies', {
    body: { destination: 'memory' },
  }),
  'GET /api/v1/copies/:id': to('copies/a-copy'),
  'POST /api/v1/copies/:id/cancel': to('copies/a-copy/cancel', { body: {} }),
  'GET /api/v1/backups/:id/files': to('backups/of-invoices/files'),
  'GET /api/v1/backups/:id/files/versions': to('backups/of-invoices/files/versions?path=file'),
  'GET /api/v1/backups/:id/comparison': to('backups/of-invoices/comparison?with=of-invoices'),
  'POST /api/v1/backups/:id/downloads': to('backups/of-invoices/downloads', {
    body: { paths: ['file'] },
  }),
  'GET /api/v1/downloads/:ticket': to('downloads/ID', { before: ticket }),
  'GET /api/v1/archives': to('archives'),
  'GET /api/v1/audit': to('audit'),
  'POST /api/v1/audit/check': to('audit/check', { body: {} }),
  'POST /api/v1/uploads': to('uploads?namespace=shop', { body: made.archive, headers: GZIP }),
  'DELETE /api/v1/uploads/:id': to('uploads/ID', { before: upload }),
  'GET /api/v1/doctor': to('doctor'),
  'GET /api/v1/clusters': to('clusters'),
  'POST /api/v1/clusters': to('clusters', { body: { name: 'site-b', kubeconfig: 'x' } }),
  'PUT /api/v1/clusters/:name': to('clusters/site-b', { body: { kubeconfig: 'x' } }),
  'DELETE /api/v1/clusters/:name': to('clusters/site-b'),
  'GET /api/v1/destinations': to('destinations?namespace=shop'),
  'GET /api/v1/destinations/:name': to('destinations/local?namespace=shop'),
  'POST /api/v1/destinations/check': to('destinations/check', { body: settings }),
  'POST /api/v1/destinations/:name/check': to('destinations/local/check', { body: {} }),
  'POST /api/v1/destinations/:name/append-only': to('destinations/local/append-only', { body: {} }),
  'POST /api/v1/destinations/:name/catalog': to('destinations/local/catalog', { body: {} }),
  'POST /api/v1/destinations/:name/unlock': to('destinations/local/unlock', {
    body: { passphrase: 'a passphrase', isEarlier: true },
  }),
  'POST /api/v1/destinations/:name/lock': to('destinations/local/lock', { body: {} }),
  'GET /api/v1/destinations/:name/recovery-kit': to('destinations/local/recovery-kit'),
  'POST /api/v1/restores': to('restores', { body: restore }),
  'POST /api/v1/restores/plan': to('restores/plan', { body: restore }),
  'GET /api/v1/restores': to('restores?namespace=shop'),
  'GET /api/v1/restores/:id': to('restores/a-restore'),
  'GET /api/v1/restores/:id/events': to('restores/a-restore/events'),
  'POST /api/v1/restores/:id/cancel': to('restores/a-restore/cancel', { body: {} }),
  'POST /api/v1/restores/:id/undo': to('restores/a-restore/undo', { body: {} }),
};

const PLAN: RestorePlan = {
  canStart: true,
  checks: [],
  source: {
    ...{ backup: 'of-invoices', archive: KEY, namespace: 'billing', name: 'invoices' },
    ...{ createdAt: null, hasManifest: true, bytes: 5, rawBytes: null, files: null },
  },
  claim: {
    ...{ action: 'change', namespace: 'shop', name: 'orders-db', size: '1Gi', storageClass: null },
    ...{ accessModes: [], labels: {} },
  },
  ...{ neededBytes: null, availableBytes: null, workloads: [], files: null, selected: null },
};
const engine: RestoreEngine = {
  plan: async () => PLAN,
  admit: async request => ({
    target: { ...request.target, uid: '' },
    details: exampleRestoreDetails({ backup: request.backup, target: request.target }),
  }),
  undoOf: () => ({ ...restore, target: { ...restore.target, mode: 'mirror' } } as never),
};

async function setUp(routes?: DeclaredRoute[]): Promise<HttpTestWorld> {
  const world = await httpWorld({
    restores: engine,
    drills: { admit: async () => undefined as never },
    ...(routes && { onRoute: route => routes.push(route) }),
  });
  world.storage.archives.set(KEY, made.archive);
  world.storage.archives.set(`${KEY}.index.gz`, made.index);
  const [copy] = exampleRun().copies;
  if (!copy) throw new Error('the example has no copy');
  const stored = { ...copy, destination: 'memory', key: KEY, bytes: made.archive.length };
  const orders = { namespaceUid: 'uid-shop' };
  const invoices = { namespace: 'billing', name: 'invoices', namespaceUid: 'uid-billing' };
  await world.history.add([
    exampleRun({ id: 'of-orders', ...orders }),
    exampleRun({ id: 'of-invoices', ...invoices, copies: [stored] }),
    exampleRestore({ id: 'a-restore', name: 'orders-db', ...orders }),
    exampleCheck('verify', { id: 'a-verification', ...orders }),
    exampleCheck('drill', { id: 'a-drill', ...orders }),
    {
      ...exampleRestore({ id: 'a-copy', name: 'orders-db', ...orders }),
      kind: 'copy',
      details: null,
    },
  ]);
  return world;
}

const routes: DeclaredRoute[] = [];
await (await setUp(routes)).close();

type Right = DeclaredRight | DeclaredPathRight;
type Needed = Right | readonly DeclaredRight[];

const PLACES: Record<RightScope, string> = {
  ...{ claim: 'shop/orders-db', archive: 'billing/invoices', upload: 'shop', namespace: 'shop' },
  ...{ nkvm: 'nkvm', everywhere: '*' },
};
/** @returns the right as the test's API server knows it. */
const grantOf = (right: Right): string => {
  if ('path' in right) return `${right.verb} ${right.path}`;
  const what = [right.resource, right.subresource].filter(Boolean).join('/');
  return `${right.verb} ${what} ${PLACES[right.scope]}`;
};
const anyOf = (needed: Needed): readonly Right[] =>
  Array.isArray(needed) ? (needed as readonly DeclaredRight[]) : [needed as Right];
const whenOf = (needed: Needed): string | undefined =>
  anyOf(needed)
    .map(right => ('when' in right ? right.when : undefined))
    .find(Boolean);

/** @returns what matches a refusal for want of this right. */
const namesOneOf = (needed: Needed): RegExp =>
  new RegExp(
    anyOf(needed)
      .map(right => `may not ${textOfRight(right).replaceAll('.', '\\.')}( |$)`)
      .join('|')
  );

const needsOf = (rights: RouteRights): readonly Needed[] => ('needs' in rights ? rights.needs : []);
const neededBy = (rights: RouteRights, { when }: Example): Needed[] =>
  needsOf(rights).filter(needed => whenOf(needed) === undefined || whenOf(needed) === when);

async function ask(world: HttpTestWorld, method: string, example: Example, who: string) {
  const id = (await example.before?.(world, who)) ?? '';
  return async () => {
    const path = example.path.replace('ID', id);
    const url = path.startsWith('/') ? path : `/api/v1/${path}`;
    const bearer = path.startsWith('/') && { authorization: `Bearer ${who}` };
    const headers = { 'x-nkvm-token': who, ...bearer, ...example.headers };
    const { body } = example;
    const sent = { method: method as 'GET', url, headers };
    return await world.app.inject({
      ...sent,
      ...(body !== undefined && { payload: body as object }),
    });
  };
}
const whoFor = ({ url }: DeclaredRoute): string => (url === '/metrics' ? 'scraper' : 'someone');

const cases = routes
  .filter(({ rights }) => 'needs' in rights)
  .map(route => [`${route.method} ${route.url}`, route] as const);

describe.each(cases)('%s', (title, route) => {
  const { method, rights } = route;
  const examples = EXAMPLES[title] ?? [];
  const who = whoFor(route);

  it('has an example for each of its rights in this test', () => {
    const triggered = examples.map(({ when }) => when);
    const conditions = needsOf(rights).map(whenOf);
    expect(
      examples.length > 0 && conditions.every(when => !when || triggered.includes(when)),
      `add to EXAMPLES in routeRights.test.ts: '${title}': to('path/of/a/request'), for each \`when\` of its rights one`
    ).toBe(true);
  });

  const missing = examples.flatMap(example =>
    neededBy(rights, example).map(lacking => {
      const text = anyOf(lacking).map(textOfRight).join(' or ');
      return [example.path, text, example, lacking] as const;
    })
  );
  it.each(missing)('%s is refused without %s', async (_path, _text, example, lacking) => {
    const world = await setUp();
    onTestFinished(() => world.close());
    const all = neededBy(rights, example).map(needed => grantOf(anyOf(needed)[0]!));
    world.grants[who] = all;
    const send = await ask(world, method, example, who);
    const without = anyOf(lacking).map(grantOf);
    world.grants[who] = [
      ...all.filter(each => !without.includes(each)),
      // A caller who may not see a backup is told that it does not exist.
      ...(lacking === SEE_RUN ? [] : ['get persistentvolumeclaims/backup *']),
    ];
    const answer = await send();
    const { detail = '' } = answer.json() as { detail?: string };
    const isHidden = anyOf(lacking).every(right => 'hides' in right && right.hides);
    expect({ status: answer.statusCode, detail }).toEqual(
      isHidden
        ? { status: 404, detail: expect.any(String) }
        : { status: 403, detail: expect.stringMatching(namesOneOf(lacking)) }
    );
  });

  it.each(examples.map(example => [example.path, example] as const))(
    '%s needs no other right',
    async (_path, example) => {
      const world = await setUp();
      onTestFinished(() => world.close());
      world.grants[who] = neededBy(rights, example).map(needed => grantOf(anyOf(needed)[0]!));
      if (example.isEndless) {
        const stream = await world.follow(who, example.path);
        return stream.abort();
      }
      const answer = await (await ask(world, method, example, who))();
      expect(answer.statusCode, answer.body).not.toSatisfy(
        (status: number) => [401, 403, 404].includes(status) || status >= 500
      );
    }
  );
});
