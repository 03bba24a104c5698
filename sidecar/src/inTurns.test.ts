import { expect, it } from 'vitest';
import { inTurns } from './inTurns.ts';

it('works on a list in its order, and lets other work have its turn', async () => {
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  count();
  const busy = (each: number) => {
    const until = performance.now() + 8;
    while (performance.now() < until);
    return -each;
  };
  expect(await inTurns([1, 2, 3, 4, 5, 6], busy)).toEqual([-1, -2, -3, -4, -5, -6]);
  isDone = true;
  expect(turns).toBeGreaterThan(1);
});
