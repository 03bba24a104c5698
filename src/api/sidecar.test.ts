import { describe, expect, it } from 'vitest';
import type { Failure } from './failure';
import { canI, type MissingRight, type NoToken, type Sidecar, sidecarAfter } from './sidecar';

const noToken = (status: number): NoToken => ({
  status,
  message: 'no token',
  namespace: 'shop',
  account: 'nkvm-user',
});
const proxy: MissingRight = {
  verb: 'get',
  resource: 'services',
  subresource: 'proxy',
  name: 'nkvm:http',
  namespace: 'nkvm',
};
const token: MissingRight = {
  verb: 'create',
  resource: 'serviceaccounts',
  subresource: 'token',
  name: 'nkvm-user',
  namespace: 'shop',
};

describe('the sidecar', () => {
  it.each<[string, Failure, NoToken | undefined, Sidecar]>([
    [
      'is absent when the API server knows no such Service',
      { status: 404, message: 'services "nkvm" not found' },
      noToken(404),
      { state: 'absent' },
    ],
    [
      'is not absent when Headlamp does not know the cluster',
      { status: 404, message: 'cluster not found' },
      undefined,
      { state: 'unreachable', message: 'cluster not found' },
    ],
    [
      'is not absent when something else answers 404 at its port',
      { status: 404, message: 'Not Found' },
      undefined,
      { state: 'unreachable', message: 'Not Found' },
    ],
    [
      'is behind a door that is closed to this user',
      { status: 403, message: 'services "nkvm:http" is forbidden: User "ann" cannot get …' },
      noToken(403),
      { state: 'forbidden', right: proxy },
    ],
    [
      'wants a token that this user may not have',
      { status: 401, message: 'a token is missing' },
      noToken(403),
      { state: 'forbidden', right: token },
    ],
    [
      'wants a token whose ServiceAccount is missing',
      { status: 401, message: 'a token is missing' },
      noToken(404),
      { state: 'noAccount', namespace: 'shop', account: 'nkvm-user' },
    ],
    [
      'wants a token while none can be minted',
      { status: 401, message: 'a token is missing' },
      noToken(500),
      { state: 'unauthorised', message: 'no token' },
    ],
    [
      'refuses a token that was minted just now',
      { status: 401, message: 'the token is of another audience' },
      undefined,
      { state: 'unauthorised', message: 'the token is of another audience' },
    ],
    [
      'has no pod that answers',
      { status: 503, message: 'no endpoints available for service "nkvm"' },
      undefined,
      { state: 'unreachable', message: 'no endpoints available for service "nkvm"' },
    ],
    [
      'is unreachable while the API server is',
      { status: 502, message: 'Unreachable' },
      noToken(502),
      { state: 'unreachable', message: 'Unreachable' },
    ],
    [
      'is unreachable when it does not answer in time',
      { status: 408, message: 'Request timed-out' },
      undefined,
      { state: 'unreachable', message: 'Request timed-out' },
    ],
    [
      'is unreachable when it breaks',
      { status: 500, message: 'see the log, id 7' },
      undefined,
      { state: 'unreachable', message: 'see the log, id 7' },
    ],
  ])('%s', (_, door, refused, expected) => expect(sidecarAfter(door, refused)).toEqual(expected));
});

it('gives the command that checks a right', () => {
  expect(canI(token)).toBe(
    'kubectl auth can-i create serviceaccounts/nkvm-user --subresource=token -n shop'
  );
});
