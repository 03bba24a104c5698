import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StreamEnd, Volume, VolumesChange } from '../../../api/index.ts';
import type { RestoreEngine } from '../../restore/types.ts';
import { exampleCheck, exampleRestore } from '../../testing/history/exampleRestore.ts';
import type { HttpTestWorld, TestStream } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;

beforeEach(async () => {
  const limits = { perToken: 2, perUser: 2, total: 3 };
  world = await httpWorld({ streamOptions: { limits, lookAgainMs: 30 } });
});
afterEach(() => world.close());

const startRun = async (name = 'orders-db', namespace = 'shop'): Promise<string> => {
  const { body } = await world.ask('admin', 'POST', 'backups', { volumes: [{ namespace, name }] });
  return body.backups[0].id;
};
const problemOf = (path: string, who = 'admin') =>
  world.follow(who, path).then(
    () => undefined,
    error => error.problem
  );
/** Waits for an event. */
const next = (
  stream: TestStream,
  matches: (event: { event: string; data: any }) => boolean // eslint-disable-line
) => vi.waitUntil(() => stream.events.find(matches), { timeout: 5_000 });
const changeOf = (name: string) => (each: { event: string; data: VolumesChange }) =>
  each.event === 'change' && each.data.volumes.some(volume => volume.name === name);

describe('the changes of volumes', () => {
  it('begin with `ready`, and tell what changed, appeared and has gone', async () => {
    const stream = await world.follow('admin', 'volumes/events');
    await next(stream, ({ event }) => event === 'ready');
    world.put('billing', 'invoices', { capacityBytes: 7 });
    const { data } = await next(stream, changeOf('invoices'));
    expect(data.volumes).toHaveLength(1);
    expect(Volume.parse(data.volumes[0])).toMatchObject({ capacityBytes: 7, mayBackUp: true });

    world.put('fresh', 'first');
    await next(stream, changeOf('first'));
    world.remove('fresh', 'first');
    const gone = await next(stream, each => each.data.removed?.length > 0);
    expect(gone.data.removed).toEqual([{ namespace: 'fresh', name: 'first' }]);
    for (const { event, data } of stream.events) if (event === 'change') VolumesChange.parse(data);
  });

  it('tell of runs, with no more than the volumes that they are of', async () => {
    const stream = await world.follow('admin', 'volumes/events');
    await startRun();
    await next(stream, ({ data }) => data.volumes?.[0]?.lastBackup?.status === 'running');
    world.finish('success');
    await next(stream, ({ data }) => data.volumes?.[0]?.lastSuccess !== null && data.volumes);
    const names = stream.events.flatMap(({ data }) => data.volumes ?? []).map(each => each.name);
    expect(new Set(names)).toEqual(new Set(['orders-db']));
  });

  it('tell of a namespace that was opened', async () => {
    const stream = await world.follow('admin', 'volumes/events');
    world.put('billing', 'invoices', { capacityBytes: 7 }); // by then all were asked for once
    await next(stream, changeOf('invoices'));
    world.closed.delete('locked');
    const { data } = await next(stream, changeOf('secrets'));
    expect(data.volumes[0].obstacle).toBeNull();
  });

  it('are silent while nothing changes, also when facts change that no volume shows', async () => {
    const stream = await world.follow('admin', 'volumes/events');
    world.put('shop', 'new', { phase: 'Pending' });
    world.put('billing', 'invoices', { capacityBytes: 7 });
    await next(stream, changeOf('invoices'));
    const names = stream.events.flatMap(({ data }) => data.volumes ?? []).map(each => each.name);
    expect(names).toEqual(['invoices']);
  });

  it('are told only of namespaces that the caller may list', async () => {
    const stream = await world.follow('shopper', 'volumes/events');
    world.put('billing', 'invoices', { capacityBytes: 7 });
    world.remove('locked', 'secrets');
    world.put('shop', 'orders-db', { capacityBytes: 8 });
    await next(stream, changeOf('orders-db'));
    expect(JSON.stringify(stream.events)).not.toMatch(/invoices|secrets/);
  });

  it('show a volume with the same rights as the list', async () => {
    const stream = await world.follow('viewer', 'volumes/events');
    world.put('shop', 'orders-db', { capacityBytes: 8, node: 'node-1' });
    const { data } = await next(stream, changeOf('orders-db'));
    const { body } = await world.ask('viewer', 'GET', 'volumes/shop/orders-db');
    expect(data.volumes[0]).toEqual(body);
    expect(body).toMatchObject({ podsVisible: false, backupsVisible: false, mayBackUp: false });
  });

  it('can be followed in one namespace', async () => {
    const stream = await world.follow('shopper', 'volumes/events?namespace=shop');
    world.put('shop', 'orders-db', { capacityBytes: 8 });
    expect((await next(stream, changeOf('orders-db'))).data.volumes).toHaveLength(1);
  });

  it('are refused without the right, and before the inventory is complete', async () => {
    expect(await problemOf('volumes/events', 'nobody')).toMatchObject({ status: 403 });
    expect(await problemOf('volumes/events?namespace=billing', 'shopper')).toMatchObject({
      status: 403,
    });
    world.isReady = false;
    expect(await problemOf('volumes/events')).toMatchObject({ reason: 'InventoryNotReady' });
  });

  it('end when the right is gone, and tell nothing after that', async () => {
    const stream = await world.follow('shopper', 'volumes/events');
    world.put('shop', 'orders-db', { capacityBytes: 8 });
    await next(stream, changeOf('orders-db'));
    world.grants.shopper = [];
    await vi.waitUntil(() => stream.events.at(-1)?.event === 'end', { timeout: 5_000 });
    await stream.ended;
    expect(StreamEnd.parse(stream.events.at(-1)?.data)).toEqual({ reason: 'right-gone' });
  });

  it('end with `reload` when the caller still may list, but knows more than it may', async () => {
    const stream = await world.follow('shopper', 'volumes/events');
    world.put('shop', 'orders-db', { capacityBytes: 8 });
    await next(stream, changeOf('orders-db'));
    world.grants.shopper = ['list persistentvolumeclaims shop'];
    await stream.ended;
    expect(stream.events.at(-1)).toEqual({ event: 'end', data: { reason: 'reload' } });
  });
});

describe('a run', () => {
  it('is followed to its end', async () => {
    const id = await startRun();
    const stream = await world.follow('admin', `backups/${id}/events`);
    await next(stream, ({ data }) => data.stage === 'copy');
    world.finish('success');
    await stream.ended;
    expect(stream.events.at(-1)).toMatchObject({
      event: 'backup',
      data: { id, status: 'success' },
    });
  });

  it('that ends while its stream is opened, before it is watched, is told to have ended', async () => {
    const id = await startRun();
    await vi.waitUntil(() => world.history.get(id)?.stage === 'copy');
    // The right is the last thing that is awaited before the run is watched.
    const get = world.history.get.bind(world.history);
    vi.spyOn(world.history, 'onChange').mockImplementation(() => {
      vi.spyOn(world.history, 'get').mockImplementation(each => {
        const run = get(each);
        return run && { ...run, status: 'failed', stage: 'create' };
      });
      return () => undefined; // and nothing more changes
    });
    const stream = await world.follow('admin', `backups/${id}/events`);
    await stream.ended;
    expect(stream.events).toMatchObject([{ data: { status: 'failed', stage: 'create' } }]);
  });

  it('that ends right after it was read is told to have ended', async () => {
    const id = await startRun();
    await vi.waitUntil(() => world.history.get(id)?.stage === 'copy');
    const get = world.history.get.bind(world.history);
    let reads = 0;
    let changed = (): void => undefined;
    vi.spyOn(world.history, 'onChange').mockImplementation(listener => {
      changed = () => listener({ id, namespace: 'shop', name: 'orders-db', status: 'failed' });
      return () => undefined;
    });
    vi.spyOn(world.history, 'get').mockImplementation(each => {
      const run = get(each);
      // First for the right, then for the stream: the run changes as soon as that was read.
      if (++reads === 2) queueMicrotask(changed);
      return run && { ...run, status: reads > 2 ? 'failed' : 'running' };
    });
    const stream = await world.follow('admin', `backups/${id}/events`);
    await stream.ended;
    expect(stream.events.map(({ data }) => data.status)).toEqual(['running', 'failed']);
  });

  it('whose end nobody tells is seen to have ended with the next look at rights', async () => {
    const id = await startRun();
    vi.spyOn(world.history, 'onChange').mockImplementation(() => () => undefined);
    const stream = await world.follow('admin', `backups/${id}/events`);
    await vi.waitUntil(() => world.history.get(id)?.stage === 'copy');
    world.finish('failed');
    await stream.ended;
    expect(stream.events.at(-1)?.data.status).toBe('failed');
  });

  it('is not told to somebody who has lost the right', async () => {
    const id = await startRun();
    const stream = await world.follow('shopper', `backups/${id}/events`);
    await next(stream, ({ event }) => event === 'backup');
    world.grants.shopper = ['list persistentvolumeclaims shop'];
    await stream.ended;
    expect(stream.events.at(-1)).toEqual({ event: 'end', data: { reason: 'right-gone' } });
  });

  it.each(['restores/r', 'checks/v'])('is not told to them either: %s', async path => {
    const running = {
      ...({ status: 'running', stage: 'copy', endedAt: null } as const),
      ...{ namespace: 'shop', name: 'orders-db', namespaceUid: 'uid-shop' },
    };
    await world.close();
    // No restore is started here.
    world = await httpWorld({ streamOptions: { lookAgainMs: 30 }, restores: {} as RestoreEngine });
    await world.history.add([
      exampleRestore({ ...running, id: 'r' }),
      exampleCheck('verify', { ...running, id: 'v' }),
    ]);
    const stream = await world.follow('shopper', `${path}/events`);
    await next(stream, ({ event }) => event !== 'end');
    world.grants.shopper = ['list persistentvolumeclaims shop'];
    await stream.ended;
    expect(stream.events.at(-1)).toEqual({ event: 'end', data: { reason: 'right-gone' } });
  });

  it('is not told with a token that is not valid any more', async () => {
    const id = await startRun();
    const stream = await world.follow('shopper', `backups/${id}/events`);
    delete world.grants.shopper;
    await stream.ended;
    expect(stream.events.at(-1)).toEqual({ event: 'end', data: { reason: 'token-expired' } });
  });
});

describe('streams', () => {
  it('are limited in number for each caller and in total, and give their places back', async () => {
    const first = await world.follow('admin', 'volumes/events');
    await world.follow('admin', 'volumes/events');
    expect(await problemOf('volumes/events')).toMatchObject({
      status: 429,
      reason: 'TooManyStreams',
      title: 'Too many requests',
    });
    await world.follow('viewer', 'volumes/events');
    expect(await problemOf('volumes/events', 'shopper')).toMatchObject({ status: 429 });
    const id = await startRun();
    expect(await problemOf(`backups/${id}/events`, 'shopper')).toMatchObject({ status: 429 });
    first.abort();
    await vi.waitUntil(async () => (await problemOf('volumes/events', 'shopper')) === undefined);
  });

  it('end with the reason when NKVM stops', async () => {
    const stream = await world.follow('admin', 'volumes/events');
    await next(stream, ({ event }) => event === 'ready');
    await world.app.close();
    await stream.ended;
    expect(stream.events.at(-1)).toEqual({ event: 'end', data: { reason: 'stopping' } });
  });
});
