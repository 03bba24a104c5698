import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { expiredToken } from './support/expiredToken.ts';
import { leaked } from './support/facts.ts';
import type { Account } from './support/kube.ts';
import type { Route } from './support/routes.ts';
import { requestFor, routesOf } from './support/routes.ts';
import type { Team } from './support/victims.ts';
import { factsOnlyOf, makeTeam } from './support/victims.ts';
import type { HostileWorld } from './support/world.ts';
import { hostileWorld } from './support/world.ts';

/** Routes that need no token: the file of a ticket, which only its owner can have got. */
const WITHOUT_TOKEN: Record<string, number> = { 'GET /downloads/{ticket}': 404 };

/** Answers to every caller with a token: nothing about any volume; of clusters, those that the caller may use. */
const ALWAYS = ['GET /info', 'GET /clusters', 'GET /namespaces/{namespace}/access'];

/** Lists: every caller with some right gets an answer, about the caller's own volumes. */
const OWN = [
  ...ALWAYS,
  'GET /volumes',
  'GET /volumes/events',
  'GET /policy',
  'GET /backups',
  'GET /restores',
  'GET /destinations',
  'GET /destinations/{name}',
];

/** What a person may ask for who sees the volumes of the namespace, and not their backups. */
const SEEN_BY_VIEWERS = [
  ...ALWAYS,
  'GET /volumes',
  'GET /volumes/{namespace}/{name}',
  'GET /volumes/events',
  'GET /policy',
  'GET /policy/{namespace}/{name}',
];

const OTHER: Account = { namespace: 'hostile-other', name: 'other' };
const VIEWER: Account = { namespace: 'hostile-victim', name: 'viewer' };
/** They are from elsewhere, so that no refusal names the victim's namespace because it names them. */
const LOSER: Account = { namespace: 'hostile-crowd', name: 'loser' };
const DELETED: Account = { namespace: 'hostile-crowd', name: 'deleted' };

let world: HostileWorld;
let routes: Route[];
let victim: Team;
let other: Team;
let facts: Team['facts'];

beforeAll(async () => {
  world = await hostileWorld();
  routes = await routesOf(world);
  const admin = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
  other = await makeTeam(world, admin, OTHER.namespace, 'buzzard');
  victim = await makeTeam(world, admin, VIEWER.namespace, 'kestrel');
  facts = factsOnlyOf(victim, other);
  await world.namespace(LOSER.namespace);
  for (const account of [OTHER, VIEWER, LOSER, DELETED]) await world.kube.account(account);
  await world.kube.bind(OTHER.namespace, 'nkvm-restorer', OTHER);
  await world.kube.bind(VIEWER.namespace, 'view', VIEWER);
  for (const account of [LOSER, DELETED])
    await world.kube.bind(victim.namespace, 'nkvm-restorer', account);
});
afterAll(() => world?.stop());

const partsOf = ({ namespace, claim, file, backup, restore, check, copy }: Team) => ({
  namespace,
  path: file,
  paths: [file],
  with: backup.id,
  backup: backup.id,
  mode: 'overwrite',
  destination: 'local',
  settings: {},
  identity: 'AGE-SECRET-KEY-1',
  kubeconfig: 'apiVersion: v1',
  target: { namespace, name: claim, mode: 'overwrite' },
  volumes: [{ namespace, name: claim }],
  ticket: 'A'.repeat(43),
  ids: { restores: restore.id, checks: check.id, copies: copy.id, backups: backup.id },
});

/** The values of `{id}` and `{name}` depend on the part of the API that the route is in. */
function partsFor(route: Route, team: Team): Record<string, unknown> {
  const { ids, ...parts } = partsOf(team);
  const room = /^\/api\/v1\/(\w+)/.exec(route.path)?.[1] ?? '';
  const name = room === 'destinations' ? 'local' : team.claim;
  return { ...parts, id: ids[room as keyof typeof ids] ?? team.backup.id, name };
}

interface Answered {
  status: number;
  text: string;
}

async function ask(route: Route, token: string | undefined, more: More = {}): Promise<Answered> {
  const { path, init } = requestFor(route, partsFor(route, victim));
  const aside = new AbortController();
  const search = more.search ? `${path.includes('?') ? '&' : '?'}${more.search}` : '';
  const answer = await world.call(path + search, token, {
    ...init,
    headers: { ...init.headers, ...more.headers },
    signal: aside.signal,
  });
  const isOpen = route.isStream && answer.ok;
  const text = isOpen ? await firstEvent(answer) : await answer.text();
  aside.abort();
  return { status: answer.status, text };
}

interface More {
  headers?: Record<string, string>;
  search?: string;
}

async function firstEvent(answer: Response): Promise<string> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('\n\n')) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  return text;
}

/** What the request says itself is no leak when the answer repeats it. */
function notSaid(route: Route, all: Set<string>): string[] {
  const { path, init } = requestFor(route, partsFor(route, victim));
  const said = `${decodeURIComponent(path)} ${init.body ?? ''}`;
  return [...all].filter(fact => !said.includes(fact));
}

type Verdicts = Record<string, string>;

/** Asks every route. @returns the verdict of each: its status, and the facts in its answer. */
async function verdicts(
  tokenOf: () => string | undefined,
  secret: Set<string>,
  more: More = {}
): Promise<Verdicts> {
  const given: Verdicts = {};
  for (const route of routes) {
    const { status, text } = await ask(route, tokenOf(), more);
    const told = leaked(notSaid(route, secret), text);
    given[route.name] = [`${status}`, ...told].join(' ');
  }
  return given;
}

const everyRoute = (verdict: (name: string) => string): Verdicts =>
  Object.fromEntries(routes.map(({ name }) => [name, verdict(name)]));

/** 403 and 404 are both refusals. For ids it is 404, so that trying ids does not show which ones exist. */
const refusalsAsOne = (given: Verdicts): Verdicts =>
  Object.fromEntries(
    Object.entries(given).map(([name, verdict]) => [name, verdict.replace(/^40[34]/, 'refused')])
  );

const all = () => new Set([...facts.volume, ...facts.backups]);

describe('every route of the OpenAPI document', () => {
  it('has facts to look for in the answers', () => {
    expect([...facts.backups]).toContain(victim.backup.archive);
    expect(facts.backups.size).toBeGreaterThan(8);
    expect(routes.length).toBeGreaterThan(35);
  });

  it.each<[string, () => Promise<[string | undefined, More?]>]>([
    ['no token', async () => [undefined]],
    ['an empty token', async () => ['']],
    ['a token that nobody has made', async () => ['e30.e30.c2ln']],
    ['a token of another audience', async () => [await world.kube.token(LOSER, ['other'])]],
    ['a token for the API server', async () => [await world.kube.token(LOSER, [])]],
    ['a token that has expired', async () => [await expiredToken(world, LOSER)]],
    [
      'a token in a cookie',
      async () => [undefined, { headers: { cookie: `token=${await world.kube.token(LOSER)}` } }],
    ],
    [
      'a token in the query',
      async () => [undefined, { search: `token=${await world.kube.token(LOSER)}` }],
    ],
    [
      'Basic instead of Bearer',
      async () => {
        const pair = Buffer.from(`nkvm:${await world.kube.token(LOSER)}`).toString('base64');
        return [undefined, { headers: { authorization: `Basic ${pair}` } }];
      },
    ],
  ])('refuses a caller with %s', async (_, make) => {
    const [token, more] = await make();
    const given = await verdicts(() => token, all(), more);
    expect(given).toEqual(everyRoute(name => `${WITHOUT_TOKEN[name] ?? 401}`));
  });

  it('gives a user of another namespace nothing of this one', async () => {
    const token = await world.kube.token(OTHER);
    const given = await verdicts(() => token, all());
    const expected = everyRoute(name => (OWN.includes(name) ? '200' : 'refused'));
    expect(refusalsAsOne(given)).toEqual(expected);
  });

  it('tells a user of another namespace the same of what exists and what does not', async () => {
    const token = await world.kube.token(OTHER);
    const unlike: string[] = [];
    const nowhere = { ...victim, claim: 'nothing-here' };
    for (const id of ['backup', 'restore', 'check', 'copy'] as const)
      Object.assign(nowhere, { [id]: { ...victim[id], id: '00000000000000000000000000' } });
    for (const route of routes.filter(({ name }) => !OWN.includes(name))) {
      const say = async (team: Team) => {
        const { path, init } = requestFor(route, partsFor(route, team));
        const answer = await world.call(path, token, init);
        const { restore, check, copy, backup, claim } = team;
        let text = `${answer.status} ${await answer.text()}`;
        for (const said of [restore.id, check.id, copy.id, backup.id, claim])
          text = text.replaceAll(said, '…');
        return text;
      };
      const [is, isNot] = [await say(victim), await say(nowhere)];
      if (is !== isNot) unlike.push(`${route.name}: ${is} | ${isNot}`);
    }
    expect(unlike).toEqual([]);
  });

  it('gives a viewer of the namespace its volumes, and nothing of its backups', async () => {
    const token = await world.kube.token(VIEWER);
    const given = await verdicts(() => token, facts.backups);
    const expected = everyRoute(name =>
      SEEN_BY_VIEWERS.includes(name.replace(/[?]namespace=$/, '')) ? '200' : 'refused'
    );
    expect(refusalsAsOne(given)).toEqual(expected);
  });

  it('refuses a ServiceAccount that was deleted, with the token that was good before', async () => {
    const token = await world.kube.token(DELETED);
    expect((await world.call('/api/v1/volumes', token)).status).toBe(200);
    await world.kube.remove(
      `/api/v1/namespaces/${DELETED.namespace}/serviceaccounts/${DELETED.name}`
    );
    await refusedSoon('/api/v1/volumes', token);
    expect(await verdicts(() => token, all())).toEqual(
      everyRoute(name => `${WITHOUT_TOKEN[name] ?? 401}`)
    );
  });

  it('refuses a user whose binding was deleted', async () => {
    const token = await world.kube.token(LOSER);
    expect((await world.call(`/api/v1/backups/${victim.backup.id}/files`, token)).status).toBe(200);
    const group = '/apis/rbac.authorization.k8s.io/v1';
    const binding = `rolebindings/nkvm-restorer-${LOSER.name}`;
    await world.kube.remove(`${group}/namespaces/${victim.namespace}/${binding}`);
    await refusedSoon(`/api/v1/backups/${victim.backup.id}/files`, token);
    await refusedSoon('/api/v1/volumes', token);
    const given = await verdicts(() => token, all());
    expect(refusalsAsOne(given)).toEqual(
      everyRoute(name => (ALWAYS.includes(name) ? '200' : 'refused'))
    );
  });
});

/** Answers on tokens and rights are remembered for ten seconds. */
const refusedSoon = (path: string, token: string): Promise<unknown> =>
  until(
    `${path} is refused`,
    async () => {
      const { status, body } = await world.call(path, token);
      await body?.cancel();
      return status >= 400;
    },
    20_000
  );
