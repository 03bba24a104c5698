import { expect } from 'vitest';
import { until } from '../../cluster/support/until.ts';
import type { Area } from '../cluster.ts';
import type { Any, World } from '../world.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';

const review = async ({ client }: World, token: string, audiences?: string[]): Promise<Any> =>
  (await client.post(REVIEWS, { spec: { token, ...(audiences && { audiences }) } })).json;

const claimsOf = (token: string): Any =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8'));

export const tokens: Area = {
  title: 'Tokens',
  behaviours: [
    {
      says: 'mints a token of a ServiceAccount for an audience and a time',
      async holds(world) {
        const { metadata } = await world.create('serviceaccounts', {
          metadata: { name: world.name('account') },
        });
        const path = `${world.here}/serviceaccounts/${metadata.name}/token`;
        const spec = { audiences: ['nkvm'], expirationSeconds: 600 };
        const { status, json } = await world.client.post(path, { spec });
        expect(status).toBe(201);
        expect(json).toMatchObject({
          kind: 'TokenRequest',
          spec: { audiences: ['nkvm'], expirationSeconds: 600 },
        });
        const claims = claimsOf(json.status.token);
        expect(claims).toMatchObject({
          aud: ['nkvm'],
          sub: `system:serviceaccount:${world.namespace}:${metadata.name}`,
        });
        expect(claims.exp - claims.iat).toBe(600);
        expect(Date.parse(json.status.expirationTimestamp) / 1000).toBe(claims.exp);
      },
    },
    {
      says: 'refuses a token for less than ten minutes with 422, and one of no account with 404',
      async holds(world) {
        const { name } = await world.account();
        const path = `${world.here}/serviceaccounts/${name}/token`;
        const short = await world.client.post(path, { spec: { expirationSeconds: 10 } });
        expect(short.status).toBe(422);
        expect(short.json.message).toContain('may not specify a duration less than 10 minutes');
        const none = await world.client.post(`${world.here}/serviceaccounts/none/token`, {
          spec: {},
        });
        expect([none.status, none.json.message]).toEqual([404, 'serviceaccounts "none" not found']);
      },
    },
    {
      says: 'tells whose a token is: user, uid, groups, credential id, and for which of the audiences it is',
      async holds(world) {
        const { user, token, uid } = await world.account(['nkvm']);
        const { status } = await review(world, token, ['nkvm', 'other']);
        expect(status).toEqual({
          authenticated: true,
          audiences: ['nkvm'],
          user: {
            username: user,
            uid,
            groups: [
              'system:serviceaccounts',
              `system:serviceaccounts:${world.namespace}`,
              'system:authenticated',
            ],
            extra: {
              'authentication.kubernetes.io/credential-id': [`JTI=${claimsOf(token).jti}`],
            },
          },
        });
      },
    },
    {
      says: 'does not take a token that was made for another audience, and says so in status.error',
      async holds(world) {
        const { token } = await world.account(['nkvm']);
        for (const audiences of [['other'], undefined]) {
          const { status } = await review(world, token, audiences);
          expect(status.authenticated).toBeUndefined();
          expect(status.error).toMatch(
            /token audiences \["nkvm"\] is invalid for the target audiences/
          );
        }
      },
    },
    {
      says: 'does not take a token that it has not made, and says so in status.error',
      async holds(world) {
        const { token } = await world.account(['nkvm']);
        const [head, claims, signature] = token.split('.') as [string, string, string];
        const forged = `${head}.${claims}.${signature.slice(0, -4)}AAAA`;
        for (const wrong of ['garbage', `${token}x`, forged]) {
          const { status } = await review(world, wrong, ['nkvm']);
          expect(status.authenticated).toBeUndefined();
          expect(status.error).toContain('invalid bearer token');
        }
      },
    },
    {
      says: 'refuses a review without a token with 400',
      async holds(world) {
        const { code, message } = await review(world, '');
        expect([code, message]).toEqual([
          400,
          'token is required for TokenReview in authentication',
        ]);
      },
    },
    {
      says: 'takes no token of an account that was deleted, from some seconds later on',
      async holds(world) {
        const { name, token } = await world.account(['nkvm']);
        await world.client.delete(`${world.here}/serviceaccounts/${name}`);
        // The API server learns of the deletion, and forgets what it knew of the token, within ten seconds.
        const isRefused = async () => !(await review(world, token, ['nkvm'])).status.authenticated;
        await until('the token is refused', isRefused, 20_000);
      },
    },
    {
      says: 'answers a request with a token that is not valid, or for another audience, with 401',
      async holds(world) {
        const { token } = await world.account(['nkvm']);
        for (const wrong of ['garbage', token]) {
          const { status, json } = await world.client.get(`${world.here}/pods`, { token: wrong });
          expect(status).toBe(401);
          expect(json).toMatchObject({
            reason: 'Unauthorized',
            message: 'Unauthorized',
            code: 401,
          });
        }
      },
    },
    {
      says: 'tells a caller who they are',
      async holds(world) {
        const { user, token } = await world.account();
        const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
        const { json } = await world.client.post(path, {}, { token });
        expect(json.status.userInfo.username).toBe(user);
      },
    },
  ],
};
