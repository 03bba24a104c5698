import { expect, it } from 'vitest';
import type { Subject } from '../cluster/access.ts';
import { tokenReviews } from './tokenReviews.ts';

const limits = {
  eachSource: { burst: 3, everyMs: 1_000 },
  allSources: { burst: 100, everyMs: 1 },
  atOnce: 2,
};

/** Tokens that begin with `good` are valid; `pending` never gets an answer. */
function world() {
  const asked: string[] = [];
  const state = { now: 0, isAway: false, valid: /^good/ };
  const whoIs = async (token: string): Promise<Subject | undefined> => {
    asked.push(token);
    if (token.startsWith('pending')) return await new Promise(() => undefined);
    if (state.isAway) throw new Error('connection refused');
    return state.valid.test(token)
      ? { username: token, uid: undefined, groups: [], extra: {} }
      : undefined;
  };
  const reviews = tokenReviews({ whoIs }, () => state.now, limits);
  const ask = (token: string, source = 'a', maxAgeMs?: number) =>
    reviews.whoIs(token, 'nkvm', source, maxAgeMs).then(
      subject => subject?.username ?? 'invalid',
      error => error.reason ?? error.message
    );
  return { ask, asked, state };
}

it('asks once in ten seconds for a valid token, and once for one that is not', async () => {
  const { ask, asked, state } = world();
  for (const token of ['good', 'good', 'bad', 'bad']) await ask(token);
  expect(asked).toEqual(['good', 'bad']);
  state.now = 10_000;
  expect([await ask('good'), await ask('bad')]).toEqual(['good', 'invalid']);
  expect(asked).toHaveLength(4);
});

it('asks once for a token that comes twice at the same time', async () => {
  const { ask, asked } = world();
  expect(await Promise.all([ask('good'), ask('good')])).toEqual(['good', 'good']);
  expect(asked).toEqual(['good']);
});

it('refuses more unknown tokens from one source than its share, and none from another', async () => {
  const { ask, asked, state } = world();
  expect(await ask('good-1')).toBe('good-1');
  for (const token of ['x', 'y']) await ask(token);
  expect(await ask('z')).toBe('TooManyUnknownTokens');
  expect(asked).toHaveLength(3);
  expect(await ask('good-2', 'b')).toBe('good-2');
  // A token that was valid before is no unknown one, also after its answer is old.
  state.now = 10_000;
  for (const token of ['p', 'q', 'r', 's']) await ask(token);
  expect(await ask('t')).toBe('TooManyUnknownTokens');
  expect(await ask('good-1')).toBe('good-1');
});

it('has no more than so many questions on unknown tokens open at once', async () => {
  const { ask, asked } = world();
  void ask('pending-1', 'a');
  void ask('pending-2', 'b');
  expect(await ask('good', 'c')).toBe('TooManyUnknownTokens');
  expect(asked).toHaveLength(2);
});

it('takes a younger answer where one is asked for, and sees that a token is not valid any more', async () => {
  const { ask, state } = world();
  await ask('good');
  state.valid = /^none/;
  state.now = 2_000;
  expect(await ask('good')).toBe('good');
  expect(await ask('good', 'a', 1_000)).toBe('invalid');
  expect(await ask('good')).toBe('invalid');
});

it('does not take a failure for an answer, and asks again', async () => {
  const { ask, state } = world();
  await ask('good');
  state.isAway = true;
  state.now = 10_000;
  expect(await ask('good')).toBe('connection refused');
  expect(await ask('new')).toBe('connection refused');
  state.isAway = false;
  expect([await ask('good'), await ask('good-new')]).toEqual(['good', 'good-new']);
});
