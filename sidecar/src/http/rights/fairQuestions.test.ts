import { expect, it } from 'vitest';
import type { Action, Subject } from '../../cluster/gateway/access.ts';
import { fairQuestions } from './fairQuestions.ts';

const person = (username: string): Subject => ({ username, uid: undefined, groups: [], extra: {} });
const about = (name: string): Action => ({
  verb: 'get',
  group: '',
  resource: 'persistentvolumeclaims',
  name,
});

function world() {
  const open: { of: string; answer(allowed: boolean): void }[] = [];
  const may = fairQuestions(
    ({ username }) =>
      new Promise(resolve =>
        open.push({
          of: username,
          answer: resolve,
        })
      ),
    { atOnce: 2, waiting: 3 }
  );
  const ask = (username: string, name: string) =>
    may(person(username), about(name)).catch((error: { reason: string }) => error.reason);
  return { open, ask };
}

it('has a few questions of a caller open at a time, and does not let others wait for the rest', async () => {
  const { open, ask } = world();
  const many = ['a', 'b', 'c', 'd'].map(name => ask('greedy', name));
  const other = ask('modest', 'a');
  await new Promise(setImmediate);
  expect(open.map(({ of }) => of)).toEqual(['greedy', 'greedy', 'modest']);
  open[2]?.answer(true);
  expect(await other).toBe(true);
  for (let at = 0; at < 5; at += 1) {
    open[at]?.answer(true);
    await new Promise(setImmediate);
  }
  expect(await Promise.all(many)).toEqual([true, true, true, true]);
  expect(open).toHaveLength(5);
});

it('refuses questions of a caller of whom too many wait', async () => {
  const { ask } = world();
  for (const name of ['a', 'b', 'c', 'd', 'e']) void ask('greedy', name);
  expect(await ask('greedy', 'f')).toBe('TooManyQuestions');
});

it('gives the place of a question that failed to the next', async () => {
  let asked = 0;
  const may = fairQuestions(
    async () => {
      asked += 1;
      if (asked === 1) throw new Error('connection refused');
      return true;
    },
    { atOnce: 1, waiting: 3 }
  );
  const [first, second] = await Promise.allSettled([
    may(person('a'), about('x')),
    may(person('a'), about('y')),
  ]);
  expect(first.status).toBe('rejected');
  expect(second).toEqual({ status: 'fulfilled', value: true });
});
