import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { jwt } from '../../testing/httpWorld.ts';
import { authenticate } from './caller.ts';
import type { TokenReviews } from './tokenReviews.ts';

/** Shows a token for some audiences to the NKVM of a namespace. @returns what the API server was asked about it. */
async function show(namespace: string, audiences: string[]) {
  const asked: (string | undefined)[] = [];
  const reviews: Pick<TokenReviews, 'whoIs'> = {
    async whoIs(_token, audience) {
      asked.push(audience);
      return { username: 'ann', uid: undefined, groups: [], extra: {} };
    },
  };
  const headers = { 'x-nkvm-token': jwt('ann', { aud: audiences }) };
  const request = { headers, socket: {} } as unknown as FastifyRequest;
  const status = await authenticate({ reviews: reviews as TokenReviews, namespace })(request).then(
    () => 200,
    (error: { status: number }) => error.status
  );
  return { status, asked };
}

describe('NKVM in namespace backup', () => {
  it.each([
    ['for the NKVM there', ['nkvm.backup'], 'nkvm.backup'],
    ['for any NKVM', ['nkvm'], 'nkvm'],
    ['for both', ['nkvm.backup', 'nkvm'], 'nkvm'],
  ])('takes a token %s', async (_, audiences, asked) => {
    expect(await show('backup', audiences)).toEqual({ status: 200, asked: [asked] });
  });

  it.each([['nkvm.team'], ['nkvm.back'], ['nkvm.backup.x'], ['nkvm.nkvm']])(
    'refuses a token for the NKVM of another namespace, without asking the API server',
    async audience => {
      expect(await show('backup', [audience])).toEqual({ status: 401, asked: [] });
    }
  );
});

it('NKVM in its usual namespace refuses a token for one elsewhere', async () => {
  expect(await show('nkvm', ['nkvm.team'])).toEqual({ status: 401, asked: [] });
  expect(await show('nkvm', ['nkvm'])).toEqual({ status: 200, asked: ['nkvm'] });
});
