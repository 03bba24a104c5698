import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PopulateStatus, RetentionSummary } from '../../../api/index.ts';
import { PolicyList, VolumePolicyDetails } from '../../../api/index.ts';
import { wantedBy } from '../../policy/coverage/wanted.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');
const waiting: PopulateStatus = {
  state: 'waiting',
  reason: 'DestinationUnreachable',
  message: 'destination offsite does not answer',
  hint: 'it is asked again',
  backup: null,
  restore: null,
  since: '2026-11-20T11:00:00.000Z',
  retryAt: null,
};
const retention: RetentionSummary = {
  destination: 'local',
  keep: 'last=3',
  kept: 3,
  removed: 1,
  removedBytes: 7,
  hold: null,
};

let held: RetentionSummary[];
let world: HttpTestWorld;
beforeEach(async () => {
  held = [retention];
  const settings = { clusterUid: 'c', timeZone: 'UTC' };
  world = await httpWorld(
    {},
    {
      now: () => NOW,
      wanted: wantedBy(name => world.namespaces[name], settings),
      populateOf: ({ name }) => (name === 'new' ? waiting : undefined),
      retentionOf: ({ name }) => (name === 'orders-db' ? held : []),
      plansOf: async () => held.map(each => ({ ...each, archives: [] })),
      isZeroTouch: () => true,
    }
  );
  world.put('shop', 'orders-db', {
    labels: { backup: 'hourly' },
    policyNotes: { 'nkvm.io/schedule': 'TZ=Europe/Berlin 0 * * * *', 'nkvm.io/drill': 'monthly' },
    volumeName: 'pvc-uid-shop-orders-db',
  });
  await world.history.add(
    ['09', '11'].map(hour =>
      exampleRun({
        uid: 'uid-shop-orders-db',
        createdAt: `2026-11-20T${hour}:00:00.000Z`,
        priority: 'scheduled',
      })
    )
  );
});
afterEach(() => world.close());

const get = (who: string | undefined, path: string, headers?: Record<string, string>) =>
  world.ask(who, 'GET', path, undefined, headers);
const names = ({ body }: { body: PolicyList }) =>
  body.volumes.map(({ namespace, name }) => `${namespace}/${name}`);
const orders = (body: PolicyList) => body.volumes.find(({ name }) => name === 'orders-db');

describe('GET policy', () => {
  it('gives plan, next run, protection and retention of each volume', async () => {
    const answer = await get('admin', 'policy');
    const list = PolicyList.parse(answer.body);
    expect(list).toEqual(answer.body);
    expect(names(answer)).toEqual([
      'billing/invoices',
      'locked/secrets',
      'shop/new',
      'shop/orders-db',
    ]);
    expect([list.zeroTouch, list.incomplete]).toEqual([true, false]);
    expect(orders(list)).toMatchObject({
      state: 'protected',
      reasons: [],
      schedule: {
        text: 'TZ=Europe/Berlin 0 * * * *',
        cron: '0 * * * *',
        timeZone: 'Europe/Berlin',
        setOn: 'claim',
        setBy: 'annotation',
      },
      nextRunAt: '2026-11-20T13:00:00.000Z',
      lastSuccessAt: '2026-11-20T11:00:12.345Z',
      overdueSince: null,
      deletingSince: null,
      makesIncrements: false,
      restoredAutomatically: true,
      retention: [retention],
      backupsVisible: true,
    });
    expect(orders(list)?.drill).toMatch(/^\d+ \d+ \d+ \* \*$/);
    expect(list.volumes.map(({ state }) => state)).toEqual([
      'unprotected',
      'unprotected',
      'held',
      'protected',
    ]);
  });

  it('is empty of backups, restores and destinations for those who may only see the volumes', async () => {
    const { body } = await get('viewer', 'policy');
    const volume = orders(PolicyList.parse(body));
    expect(volume).toMatchObject({
      state: 'unknown',
      backupsVisible: false,
      schedule: { cron: '0 * * * *' },
      nextRunAt: '2026-11-20T13:00:00.000Z',
      lastSuccessAt: null,
      retention: [],
      makesIncrements: false,
      restoredAutomatically: false,
    });
    expect(volume?.reasons.map(({ reason }) => reason)).toEqual(['BackupsNotVisible']);
    expect(JSON.stringify(body)).not.toMatch(/offsite|local|11:00:12/);
  });

  it('shows volumes of the namespaces that the caller may list, and nothing of the others', async () => {
    const answer = await get('shopper', 'policy');
    expect(names(answer)).toEqual(['shop/new', 'shop/orders-db']);
    expect(JSON.stringify(answer.body)).not.toMatch(/billing|locked|invoices|secrets/);
    expect(names(await get('shopper', 'policy?namespace=shop'))).toEqual(names(answer));
  });

  it.each([
    ['shopper', 'policy?namespace=billing', 403, 'Forbidden'],
    ['nobody', 'policy', 403, 'Forbidden'],
    [undefined, 'policy', 401, 'TokenMissing'],
    ['admin', 'policy?namespace=Shop', 400, 'BadRequest'],
  ])('refuses %s at %s', async (who, path, status, reason) => {
    const answer = await get(who, path);
    expect([answer.status, answer.body.reason]).toEqual([status, reason]);
    expect(answer.type).toMatch(/^application\/problem\+json/);
  });

  it.each(['share', 'listing', 'refused', 'anomaly'] as const)(
    'counts no archives of other namespaces where retention is held by %s',
    async kind => {
      held = [{ ...retention, hold: { kind, message: '9 of 4711', hint: '', removed: 4711 } }];
      const texts = async (who: string) => [
        JSON.stringify((await get(who, 'policy')).body),
        JSON.stringify((await get(who, 'policy?namespace=shop')).body),
        JSON.stringify((await get(who, 'policy/shop/orders-db')).body),
      ];
      for (const text of await texts('admin')) expect(text).toContain('4711');
      for (const text of await texts('shopper'))
        expect(text.includes('4711')).toBe(kind === 'anomaly');
    }
  );

  it('says that not every namespace was looked at', async () => {
    for (let at = 0; at < 12; at += 1) {
      world.namespaces[`more-${at}`] = { name: `more-${at}`, uid: `${at}`, createdAt: '' };
      world.put(`more-${at}`, 'data');
    }
    const { body } = await get('shopper', 'policy');
    expect([body.incomplete, body.limits[0].reason]).toEqual([true, 'NamespaceScan']);
  });

  it('is 304 where nothing has changed', async () => {
    const { headers } = await get('shopper', 'policy');
    const again = await get('shopper', 'policy', { 'if-none-match': String(headers.etag) });
    expect([again.status, again.body]).toEqual([304, undefined]);
  });

  it('is not there before the volumes are known', async () => {
    world.isReady = false;
    expect((await get('admin', 'policy')).body.reason).toBe('InventoryNotReady');
    expect((await get('admin', 'policy/shop/orders-db')).body.reason).toBe('InventoryNotReady');
  });

  it('gives 5,000 volumes, each with a minute of its own', async () => {
    world.claims = Array.from({ length: 5_000 }, (_, at) => ({
      ...world.claims[0]!,
      namespace: 'shop',
      name: `c-${at}`,
      uid: `u-${at}`,
      labels: { backup: 'hourly' },
    }));
    const { body } = await get('shopper', 'policy');
    expect(body.volumes).toHaveLength(5_000);
    expect(new Set(body.volumes.map(({ schedule }: any) => schedule.cron)).size).toBe(60); // eslint-disable-line @typescript-eslint/no-explicit-any
  });
});

describe('GET policy/NAMESPACE/NAME', () => {
  it('has the last 30 days, the next runs and the plans of retention', async () => {
    const { body } = await get('shopper', 'policy/shop/orders-db');
    const details = VolumePolicyDetails.parse(body);
    expect(details).toEqual(body);
    expect(details.days.at(-1)).toEqual({
      date: '2026-11-20',
      state: 'missed',
      good: 2,
      failed: 0,
      missed: 1,
    });
    expect(details.days.at(-2)?.state).toBe('none');
    expect(details.upcoming.slice(0, 2)).toEqual([
      '2026-11-20T13:00:00.000Z',
      '2026-11-20T14:00:00.000Z',
    ]);
    expect(details.plans).toHaveLength(1);
  });

  it('is empty of backups for those who may only read the volume', async () => {
    const { body } = await get('viewer', 'policy/shop/orders-db');
    const details = VolumePolicyDetails.parse(body);
    expect(details).toMatchObject({ state: 'unknown', backupsVisible: false, plans: [] });
    expect(details.days.every(({ state }) => state === 'none')).toBe(true);
    expect(JSON.stringify(body)).not.toMatch(/local|11:00:12/);
  });

  it.each([
    ['shopper', 'billing/invoices', 403, 'Forbidden'],
    ['shopper', 'nowhere/data', 403, 'Forbidden'],
    ['shopper', 'shop/gone', 404, 'ClaimNotFound'],
    ['admin', 'nowhere/data', 404, 'NamespaceNotFound'],
    ['admin', 'shop/Orders', 400, 'BadRequest'],
  ])('refuses %s %s', async (who, path, status, reason) => {
    const { body, status: given } = await get(who, `policy/${path}`);
    expect([given, body.reason]).toEqual([status, reason]);
  });

  it('shows nothing of a claim before that had the same name', async () => {
    world.put('shop', 'orders-db', { uid: 'uid-of-now', labels: { backup: 'hourly' } });
    const { body } = await get('shopper', 'policy/shop/orders-db');
    expect([body.state, body.lastSuccessAt]).toEqual(['waiting', null]);
    expect(body.days.every(({ good }: { good: number }) => good === 0)).toBe(true);
  });
});
