import { expect, it } from 'vitest';
import { lane } from './lane.ts';

const never = new AbortController().signal;

it('lets so many in, and the rest in their order as places become free', async () => {
  const two = lane(2);
  const order: string[] = [];
  const enter = async (name: string) => {
    const leave = await two.enter(never);
    order.push(name);
    return leave;
  };
  const [leaveA, leaveB] = [await enter('a'), await enter('b')];
  const [c, d] = [enter('c'), enter('d')];
  await Promise.resolve();
  expect(order).toEqual(['a', 'b']);
  leaveB();
  leaveB(); // a second time does nothing
  (await c)();
  await d;
  expect(order).toEqual(['a', 'b', 'c', 'd']);
  leaveA();
});

it('forgets a call that was given up while it waited', async () => {
  const one = lane(1);
  const leave = await one.enter(never);
  const stop = new AbortController();
  const stopped = one.enter(stop.signal);
  const waiting = one.enter(never);
  stop.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
  leave();
  (await waiting)();
  (await one.enter(never))();
});
