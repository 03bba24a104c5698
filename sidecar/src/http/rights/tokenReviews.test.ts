import { expect, it } from 'vitest';
import type { Subject } from '../../cluster/gateway/access.ts';
import { tokenReviews } from './tokenReviews.ts';

const limits = {
  eachSource: { burst: 3, everyMs: 1_000 },
  eachPeer: { burst: 6, everyMs: 1_000 },
  allPeers: { burst: 100, everyMs: 1 },
  atOnce: { eachSource: 2, eachPeer: 3, allPeers: 4 },
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
  const ask = (token: string, client = 'a', maxAgeMs?: number, peer = 'api-server') =>
    reviews.whoIs(token, 'nkvm', { peer, client }, maxAgeMs).then(
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

it('refuses a peer that names another client with each request, and no other peer', async () => {
  const { ask } = world();
  const invented = [1, 2, 3, 4, 5, 6, 7].map(each => `client-${each}`);
  const answers = [];
  for (const client of invented) answers.push(await ask(`x-${client}`, client, undefined, 'pod'));
  expect(answers).toEqual([...Array(6).fill('invalid'), 'TooManyUnknownTokens']);
  expect(await ask('good')).toBe('good');
});

it.each([
  ['source', ['a', 'a'], 'a', 'TooManyUnknownTokens'],
  ['source', ['a', 'a'], 'b', 'good'],
  ['peer', ['a', 'b', 'c'], 'd', 'TooManyUnknownTokens'],
])(
  'bounds the questions that each %s has open: after %j, %s gets %s',
  async (_, clients, client, answer) => {
    const { ask } = world();
    clients.forEach((each, at) => void ask(`pending-${at}`, each));
    expect(await ask('good', client)).toBe(answer);
    expect(await ask('good-too', 'a', undefined, 'another')).toBe('good-too');
  }
);

it('bounds the questions that all have open', async () => {
  const { ask, asked } = world();
  for (const each of [1, 2, 3, 4]) void ask(`pending-${each}`, 'a', undefined, `peer-${each}`);
  expect(await ask('good')).toBe('TooManyUnknownTokens');
  expect(asked).toHaveLength(4);
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
