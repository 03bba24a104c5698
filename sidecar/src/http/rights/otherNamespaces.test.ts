import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backup, StartedBackups } from '../../../api/index.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;

beforeEach(async () => {
  world = await httpWorld();
});
afterEach(() => world.close());

const start = async (who: string, ...claims: [namespace: string, name: string][]) => {
  const volumes = claims.map(([namespace, name]) => ({ namespace, name }));
  const { body } = await world.ask(who, 'POST', 'backups', { volumes });
  return (body as StartedBackups).backups;
};

describe('the place of a run in the queue', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c']) {
      world.put('billing', name);
      world.put('shop', name);
    }
    await start('admin', ['billing', 'a'], ['billing', 'b'], ['billing', 'c']);
  });

  it('counts the runs of the namespace, for callers who may list backups of this one only', async () => {
    const [first, second] = await start('shopper', ['shop', 'a'], ['shop', 'b']);
    expect([first?.queuePosition, second?.queuePosition]).toEqual([1, 2]);
    const read = async (who: string): Promise<(number | null)[]> => {
      const one = await world.ask(who, 'GET', `backups/${second?.id}`);
      const list = await world.ask(who, 'GET', 'backups?namespace=shop&name=b');
      return [one.body.queuePosition, list.body.backups[0].queuePosition];
    };
    expect(await read('shopper')).toEqual([2, 2]);
    // One run of billing is under way, and its other two take turns with those of shop.
    expect(await read('admin')).toEqual([3, 3]);
    const stream = await world.follow('shopper', `backups/${second?.id}/events`);
    await world.ask('shopper', 'POST', `backups/${second?.id}/cancel`);
    await stream.ended;
    expect(stream.events.map(({ data }: { data: Backup }) => data.queuePosition)).toEqual([
      2,
      null,
    ]);
  });

  it('is not for callers who may see single volumes only', async () => {
    world.grants.single?.push('get persistentvolumeclaims/backup shop/orders-db');
    await start('admin', ['shop', 'a']);
    const [run] = await start('single', ['shop', 'orders-db']);
    expect(run).toMatchObject({ status: 'queued', queuePosition: null });
    const { body } = await world.ask('single', 'GET', `backups/${run?.id}`);
    expect(body).toMatchObject({ status: 'queued', queuePosition: null });
  });
});
