import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Backup } from '../../api/index.ts';
import type { HttpTestWorld } from '../testing/httpWorld.ts';
import { httpWorld, jwt } from '../testing/httpWorld.ts';

let world: HttpTestWorld;

beforeEach(async () => {
  world = await httpWorld();
});
afterEach(() => world.close());

/** One request as somebody. */
const ask: HttpTestWorld['ask'] = (...request) => world.ask(...request);
const start = (who: string, ...volumes: [string, string][]) =>
  ask(who, 'POST', 'backups', {
    volumes: volumes.map(([namespace, name]) => ({ namespace, name })),
  });

describe('who is asking', () => {
  it.each(['info', 'volumes', 'backups', 'backups/x', 'backups/x/events', 'volumes/shop/x'])(
    'is asked at %s',
    async path => {
      expect(await ask(undefined, 'GET', path)).toMatchObject({
        status: 401,
        type: expect.stringContaining('application/problem+json'),
        body: { reason: 'TokenMissing', message: expect.stringContaining('kubectl create token') },
      });
    }
  );

  it('refuses a token that the API server does not know', async () => {
    expect(await ask('stranger', 'GET', 'info')).toMatchObject({
      status: 401,
      body: { reason: 'TokenInvalid' },
    });
  });

  it('opens no door when the API server cannot say', async () => {
    expect(await ask('broken-api', 'GET', 'volumes')).toMatchObject({
      status: 503,
      body: { reason: 'RightsUnknown' },
    });
  });

  it.each<[string, string]>([
    ['is meant for another audience', jwt('admin', { aud: ['https://kubernetes.default.svc'] })],
    ['names no audience', jwt('admin', {})],
    ['has expired', jwt('admin', { aud: ['nkvm'], exp: 1 })],
  ])('refuses a token that %s without asking the API server', async (_, token) => {
    expect(await ask(token, 'GET', 'info')).toMatchObject({
      status: 401,
      body: { reason: 'TokenInvalid', title: 'Not authenticated' },
    });
    expect(world.reviews).toEqual([]);
  });

  it('lets the API server decide on a token that expires about now: clocks differ', async () => {
    const token = jwt('admin', { aud: ['nkvm'], exp: Date.now() / 1000 - 60 });
    expect((await ask(token, 'GET', 'info')).status).toBe(200);
    expect(world.reviews[0]).toBe(`nkvm ${token}`);
  });

  it('takes an ordinary bearer token, too', async () => {
    const answer = await world.app.inject({
      url: '/api/v1/info',
      headers: { authorization: 'Bearer admin' },
    });
    expect(answer.json()).toMatchObject({ name: 'nkvm', cluster: 'test', user: 'admin' });
  });
});

describe('volumes', () => {
  const names = (body: { volumes: { namespace: string; name: string }[] }) =>
    body.volumes.map(({ namespace, name }) => `${namespace}/${name}`);

  it('are all shown to an administrator, with what is in the way of a backup', async () => {
    const { body } = await ask('admin', 'GET', 'volumes');
    expect(names(body)).toEqual([
      'billing/invoices',
      'locked/secrets',
      'shop/new',
      'shop/orders-db',
    ]);
    expect(
      body.volumes.map((each: { obstacle: { reason: string } | null }) => each.obstacle?.reason)
    ).toEqual([undefined, 'NamespaceNotOpen', 'ClaimNotBound', undefined]);
  });

  it('are shown as far as somebody may list them', async () => {
    expect(names((await ask('shopper', 'GET', 'volumes')).body)).toEqual([
      'shop/new',
      'shop/orders-db',
    ]);
    expect(names((await ask('shopper', 'GET', 'volumes?namespace=shop')).body)).toHaveLength(2);
  });

  it('of another namespace are refused by the name of the right', async () => {
    expect(await ask('shopper', 'GET', 'volumes?namespace=billing')).toMatchObject({
      status: 403,
      body: { detail: 'shopper may not list persistentvolumeclaims in namespace billing' },
    });
    expect(await ask('nobody', 'GET', 'volumes')).toMatchObject({ status: 403 });
  });

  it('are shown without their backups to those who may not see backups', async () => {
    const { id } = (await start('admin', ['shop', 'orders-db'])).body.backups[0];
    const seen = async (who: string) =>
      (await ask(who, 'GET', 'volumes?namespace=shop')).body.volumes[1];
    expect(await seen('viewer')).toMatchObject({ backupsVisible: false, lastBackup: null });
    expect(await seen('admin')).toMatchObject({
      backupsVisible: true,
      lastBackup: { id },
    });
  });

  it('say whether the caller may back them up', async () => {
    const seen = async (who: string, path: string) => (await ask(who, 'GET', path)).body;
    const both = async (who: string) => [
      (await seen(who, 'volumes')).volumes.at(-1).mayBackUp,
      (await seen(who, 'volumes/shop/orders-db')).mayBackUp,
    ];
    expect(await both('admin')).toEqual([true, true]);
    expect(await both('shopper')).toEqual([true, true]);
    expect(await both('viewer')).toEqual([false, false]);
    expect(await both('single')).toEqual([true, true]);
    expect((await seen('single', 'volumes')).volumes[0].mayBackUp).toBe(false);
  });

  it('hide pods, node and owner from callers who may not list pods', async () => {
    const seen = async (who: string) => [
      (await ask(who, 'GET', 'volumes')).body.volumes.at(-1),
      (await ask(who, 'GET', 'volumes/shop/orders-db')).body,
    ];
    for (const volume of await seen('viewer')) {
      expect(volume).toMatchObject({ podsVisible: false, pods: [], node: null });
      expect(volume.owner.reason).toBe('you may not list pods in this namespace');
    }
    for (const volume of await seen('admin')) {
      expect(volume).toMatchObject({ podsVisible: true, node: 'node-1' });
      expect(volume.pods).toHaveLength(1);
    }
  });

  it('are found under a path whose last segment is unique, too', async () => {
    const { body } = await ask('admin', 'GET', 'volumes/~x7K_q-?namespace=shop');
    expect(names(body)).toEqual(['shop/new', 'shop/orders-db']);
  });

  it('are not there yet at the start', async () => {
    world.isReady = false;
    expect(await ask('admin', 'GET', 'volumes')).toMatchObject({
      status: 503,
      body: { reason: 'InventoryNotReady' },
    });
  });

  it('can be read one by one', async () => {
    expect(await ask('shopper', 'GET', 'volumes/shop/orders-db')).toMatchObject({
      status: 200,
      body: { name: 'orders-db', obstacle: null },
    });
    expect(await ask('shopper', 'GET', 'volumes/billing/invoices')).toMatchObject({ status: 403 });
    expect(await ask('admin', 'GET', 'volumes/shop/none')).toMatchObject({
      status: 404,
      body: { reason: 'ClaimNotFound' },
    });
  });
});

describe('starting backups', () => {
  it('queues each volume and answers 202', async () => {
    expect(await start('shopper', ['shop', 'orders-db'])).toMatchObject({
      status: 202,
      body: { backups: [{ namespace: 'shop', name: 'orders-db', requestedBy: 'shopper' }] },
    });
  });

  it.each<[string, string, [string, string][], number, string]>([
    ['an unknown namespace', 'admin', [['nowhere', 'x']], 404, 'NamespaceNotFound'],
    ['an unknown claim', 'admin', [['shop', 'x']], 404, 'ClaimNotFound'],
    ['a claim that was never bound', 'admin', [['shop', 'new']], 409, 'ClaimNotBound'],
    [
      'a namespace in which backups are not allowed',
      'admin',
      [['locked', 'secrets']],
      409,
      'NamespaceNotOpen',
    ],
    ['a missing right', 'viewer', [['shop', 'orders-db']], 403, 'Forbidden'],
    [
      'several volumes when none can be backed up',
      'shopper',
      [
        ['billing', 'invoices'],
        ['shop', 'new'],
      ],
      403,
      'Forbidden',
    ],
  ])('refuses %s and queues nothing', async (_, who, volumes, status, reason) => {
    expect(await start(who, ...volumes)).toMatchObject({
      status,
      body: { reason, hint: expect.stringMatching(/./), message: expect.stringMatching(/./) },
    });
    expect((await ask('admin', 'GET', 'backups')).body.backups).toEqual([]);
  });

  it('starts what can be started, and refuses the other volumes one by one', async () => {
    const volumes: [string, string][] = [
      ['billing', 'invoices'],
      ['shop', 'new'],
      ['shop', 'orders-db'],
      ['shop', 'none'],
    ];
    const { status, body } = await start('shopper', ...volumes);
    expect({ status, body }).toMatchObject({
      status: 202,
      body: {
        backups: [{ namespace: 'shop', name: 'orders-db' }],
        refused: [
          {
            namespace: 'billing',
            name: 'invoices',
            reason: 'Forbidden',
            hint: expect.stringContaining('kubectl create rolebinding'),
          },
          { name: 'new', reason: 'ClaimNotBound' },
          { name: 'none', reason: 'ClaimNotFound', message: expect.stringContaining('none') },
        ],
      },
    });
  });

  it('gives the command that opens a namespace', async () => {
    expect((await start('admin', ['locked', 'secrets'])).body.message).toContain(
      'kubectl create rolebinding nkvm-runtime -n locked --clusterrole nkvm-runtime --serviceaccount nkvm:nkvm-runner'
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', {}, /body.volumes/],
    ['no volumes', { volumes: [] }, /body.volumes/],
    ['an unknown field', { volumes: [{ namespace: 'a', name: 'b', x: 1 }] }, /body.volumes.0/],
    ['a name that is none', { volumes: [{ namespace: '../a', name: 'b' }] }, /name of a namespace/],
    ['too many', { volumes: Array(101).fill({ namespace: 'a', name: 'b' }) }, /body.volumes/],
  ])('refuses %s and names the field', async (_, body, message) => {
    expect(await ask('admin', 'POST', 'backups', body)).toMatchObject({
      status: 400,
      type: expect.stringContaining('application/problem+json'),
      body: { reason: 'BadRequest', detail: expect.stringMatching(message) },
    });
  });

  it.each<[string, string, string, number, string]>([
    ['broken JSON', '{"volumes": [', 'application/json', 400, 'BadRequest'],
    ['a huge body', `"${'x'.repeat(5_000_000)}"`, 'application/json', 413, 'BodyTooBig'],
    ['another type', 'volumes=1', 'application/x-www-form-urlencoded', 415, 'NotJson'],
  ])('refuses %s', async (_, payload, type, status, reason) => {
    const answer = await world.app.inject({
      method: 'POST',
      url: '/api/v1/backups',
      headers: { 'x-nkvm-token': 'admin', 'content-type': type },
      payload,
    });
    expect({ status: answer.statusCode, reason: answer.json().reason }).toEqual({ status, reason });
  });

  it('gives a second request for the same volume the run that is under way', async () => {
    const first = await start('admin', ['shop', 'orders-db']);
    const second = await start('admin', ['shop', 'orders-db']);
    expect(second.body.backups[0].id).toBe(first.body.backups[0].id);
  });
});

describe('a run', () => {
  const started = async (): Promise<Backup> =>
    (await start('admin', ['shop', 'orders-db'])).body.backups[0];

  it('is read by those who may, and is not there for others', async () => {
    const { id } = await started();
    expect(await ask('shopper', 'GET', `backups/${id}`)).toMatchObject({ body: { id } });
    expect(await ask('viewer', 'GET', `backups/${id}`)).toMatchObject({ status: 404 });
    expect(await ask('admin', 'GET', 'backups/nonsense')).toMatchObject({
      status: 404,
      body: { reason: 'BackupNotFound' },
    });
  });

  it('can be cancelled, once', async () => {
    const { id } = await started();
    expect(await ask('admin', 'POST', `backups/${id}/cancel`)).toMatchObject({
      status: 200,
      body: { status: 'cancelled' },
    });
    expect(await ask('admin', 'POST', `backups/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { reason: 'AlreadyEnded' },
    });
  });

  it('can be cancelled while it waits', async () => {
    const { body } = await start('admin', ['shop', 'orders-db'], ['billing', 'invoices']);
    const { id } = body.backups[1];
    expect(await ask('admin', 'POST', `backups/${id}/cancel`)).toMatchObject({
      body: { status: 'cancelled', message: 'cancelled while it was queued' },
    });
  });

  it('is followed to its end', async () => {
    const { id } = await started();
    const following = world.app.inject({
      url: `/api/v1/backups/${id}/events`,
      headers: { 'x-nkvm-token': 'admin' },
    });
    await vi.waitUntil(() => world.history.get(id)?.stage === 'copy');
    world.finish('success');
    const { headers, body } = await following;
    expect(headers['content-type']).toBe('text/event-stream');
    const states = [...body.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? ''));
    expect(states[0]).toMatchObject({ id, status: expect.stringMatching(/^(queued|running)$/) });
    expect(states.at(-1)).toMatchObject({ id, status: 'success' });
  });
});

describe('the list of backups', () => {
  it('comes in pages', async () => {
    await start('admin', ['shop', 'orders-db'], ['billing', 'invoices']);
    const first = (await ask('admin', 'GET', 'backups?limit=1')).body;
    const second = (await ask('admin', 'GET', `backups?limit=1&cursor=${first.nextCursor}`)).body;
    expect([...first.backups, ...second.backups].map((each: Backup) => each.namespace)).toEqual([
      'billing',
      'shop',
    ]);
    expect(second.nextCursor).toBeNull();
  });

  it('shows everybody what they may see', async () => {
    await start('admin', ['shop', 'orders-db'], ['billing', 'invoices']);
    const { body } = await ask('shopper', 'GET', 'backups');
    expect(body.backups.map((each: Backup) => each.namespace)).toEqual(['shop']);
    expect(await ask('viewer', 'GET', 'backups')).toMatchObject({ status: 403 });
  });

  it.each<[string, number]>([
    ['cursor=nonsense', 409],
    ['limit=0', 400],
    ['limit=many', 400],
    ['status=odd', 400],
    ['colour=red', 400],
  ])('refuses %s', async (query, status) => {
    expect(await ask('admin', 'GET', `backups?${query}`)).toMatchObject({ status });
  });
});

describe('the metrics', () => {
  const scrape = (token?: string) =>
    world.app.inject({
      url: '/metrics',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });

  it('are given to a scraper with its token for the API server, and to an administrator', async () => {
    for (const who of ['scraper', jwt('admin')]) {
      const answer = await scrape(who);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toMatch(/^text\/plain; version=/);
      expect(answer.body).toContain('nkvm_test_total 1');
    }
  });

  it('cost one question about the token, whomever it is meant for', async () => {
    await scrape('scraper');
    await scrape(jwt('admin'));
    await scrape(jwt('viewer', { aud: ['https://kubernetes.default.svc'] }));
    await scrape('stranger');
    const tokens = world.reviews.filter(each => /^(nkvm|API server) /.test(each));
    expect(tokens.map(each => each.split(' ').slice(0, -1).join(' '))).toEqual([
      'API server',
      'nkvm',
      'API server',
      'API server',
    ]);
  });

  it('are given by the token in the header that survives the service proxy, too', async () => {
    const answer = await world.app.inject({
      url: '/metrics',
      headers: { 'x-nkvm-token': 'scraper' },
    });
    expect(answer.statusCode).toBe(200);
  });

  it.each<[string, string | undefined, number, string]>([
    ['nobody', undefined, 401, 'TokenMissing'],
    ['a stranger', 'stranger', 401, 'TokenInvalid'],
    ['somebody who may see every volume', jwt('viewer'), 403, 'Forbidden'],
    ['anybody while the API server cannot say', 'broken-api', 503, 'RightsUnknown'],
  ])('are refused to %s', async (_, token, status, reason) => {
    const answer = await scrape(token);
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ reason });
    expect(answer.body).not.toContain('nkvm_test_total');
  });

  it('name the missing right and the command that gives it', async () => {
    expect((await scrape(jwt('viewer'))).json()).toMatchObject({
      detail: 'viewer may not get /metrics',
      hint: expect.stringContaining('--clusterrole nkvm-metrics-reader --user viewer'),
    });
  });

  it('are all that a token for the API server opens', async () => {
    expect(await ask('scraper', 'GET', 'info')).toMatchObject({ status: 401 });
  });
});

describe('the log', () => {
  it('holds no token and no cookie, whatever goes wrong', async () => {
    const secret = 'eyJhbGciOi.eyJzdWIi.c2VjcmV0';
    const headers = {
      cookie: 'headlamp-auth=choc-chip',
      authorization: `Bearer ${secret}`,
      'x-nkvm-token': secret,
    };
    for (const token of [secret, 'broken-api', 'admin', 'viewer']) {
      for (const url of ['/metrics', '/api/v1/volumes', '/api/v1/backups', `/nowhere/${secret}`]) {
        await world.app.inject({ url, headers: { ...headers, 'x-nkvm-token': token } });
        await world.app.inject({ method: 'POST', url, headers, payload: secret });
      }
    }
    vi.spyOn(world.history, 'list').mockImplementation(() => {
      throw new Error('a fault');
    });
    await world.app.inject({
      url: '/api/v1/backups',
      headers: { ...headers, 'x-nkvm-token': 'admin' },
    });
    expect(world.logged).toContain('NKVM met an internal error');
    expect(world.logged).toContain('"url":"/nowhere/[token]"');
    expect(world.logged).not.toMatch(/c2VjcmV0|choc-chip|headlamp-auth/);
  });
});

describe('what needs no token', () => {
  it('says whether it lives, is ready, and what it is', async () => {
    expect((await world.app.inject('/healthz')).statusCode).toBe(200);
    expect(await world.app.inject('/readyz')).toMatchObject({ statusCode: 200, body: 'ok' });
    world.isReady = false;
    expect(await world.app.inject('/readyz')).toMatchObject({
      statusCode: 503,
      body: 'the volumes are not known yet',
    });
    expect((await world.app.inject('/api/v1/openapi.json')).json().paths).toHaveProperty(
      '/api/v1/backups/{id}/cancel'
    );
  });

  it('answers an address that cannot be decoded as a problem', async () => {
    const answer = await world.app.inject('/api/v1/backups/%ff');
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 400, reason: 'BadRequest' });
  });

  it('answers an unknown path as a problem', async () => {
    expect((await world.app.inject('/nowhere')).json()).toMatchObject({
      status: 404,
      reason: 'NoSuchRoute',
    });
  });
});
