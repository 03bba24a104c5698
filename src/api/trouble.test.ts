import { describe, expect, it, vi } from 'vitest';
import { CachedAnswer } from './clients/send';
import { CutOff } from './clients/wholeAnswer';
import type { Failure } from './failure';
import { LoginPage } from './session/loginPage';
import { TokenRefused } from './session/token';
import {
  canI,
  isInDoubt,
  type MissingRight,
  type NoToken,
  type Trouble,
  troubleAfter,
  troubleOf,
} from './trouble';

vi.mock('@kinvolk/headlamp-plugin/lib', () => ({ ApiProxy: {} }));

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

const SERVICE_FORBIDDEN = 'services "nkvm:http" is forbidden: User "ann" cannot get …';

describe('the answer', () => {
  it.each<[string, Failure, NoToken | undefined, Trouble]>([
    [
      'that the API server knows no such Service means that there is no sidecar',
      { status: 404, message: 'services "nkvm" not found' },
      noToken(404),
      { kind: 'absent' },
    ],
    [
      'that Headlamp does not know the cluster means nothing of the sort',
      { status: 404, message: 'cluster not found' },
      noToken(404),
      { kind: 'unreachable', message: 'cluster not found' },
    ],
    [
      '403 without a token names the right to the proxy',
      { status: 403, message: SERVICE_FORBIDDEN },
      noToken(403),
      { kind: 'noRight', right: proxy },
    ],
    [
      '403 of the API server with a token names the right to the proxy',
      { status: 403, message: SERVICE_FORBIDDEN },
      undefined,
      { kind: 'noRight', right: proxy },
    ],
    [
      '403 of the sidecar names the right by itself',
      { status: 403, message: 'ann may not list persistentvolumeclaims' },
      undefined,
      { kind: 'denied', message: 'ann may not list persistentvolumeclaims' },
    ],
    [
      'to somebody who may not have a token names that right',
      { status: 401, message: 'a token is missing' },
      noToken(403),
      { kind: 'noRight', right: token },
    ],
    [
      'to somebody whose ServiceAccount is missing names it',
      { status: 401, message: 'a token is missing' },
      noToken(404),
      { kind: 'noAccount', namespace: 'shop', account: 'nkvm-user' },
    ],
    [
      'to somebody whose session of Headlamp has ended sends them to the login',
      { status: 401, message: 'a token is missing' },
      noToken(401),
      { kind: 'loggedOut' },
    ],
    [
      'Unauthorized of the API server sends them there, too',
      { status: 401, message: 'Unauthorized' },
      undefined,
      { kind: 'loggedOut' },
    ],
    [
      '401 says why no token could be minted',
      { status: 401, message: 'a token is missing' },
      noToken(500),
      { kind: 'unauthorised', message: 'no token' },
    ],
    [
      '401 says why a token that was minted just now is not accepted',
      { status: 401, message: 'the token is of another audience' },
      undefined,
      { kind: 'unauthorised', message: 'the token is of another audience' },
    ],
    [
      '503 of the API server means that no pod answers',
      { status: 503, message: 'no endpoints available for service "nkvm"' },
      undefined,
      { kind: 'unreachable', message: 'no endpoints available for service "nkvm"' },
    ],
    [
      '503 of the sidecar says what is wrong',
      { status: 503, message: 'the inventory is not ready. Try again in a moment' },
      undefined,
      { kind: 'failed', message: 'the inventory is not ready. Try again in a moment' },
    ],
    [
      'of nobody means that Headlamp does not answer',
      { status: 502, message: 'Unreachable' },
      noToken(502),
      { kind: 'offline' },
    ],
    ...[
      [503, 'error trying to reach service: Address is not allowed'],
      [503, 'error trying to reach service: dial tcp 10.0.4.7:8787: i/o timeout'],
      [503, 'error trying to reach service: dial tcp 10.0.4.7:8787: connect: no route to host'],
      [502, 'error trying to reach service: EOF'],
      [504, 'error trying to reach service: context deadline exceeded'],
      [
        500,
        'proxy error from 127.0.0.1:6443 while dialing 10.42.0.7:8787, code 502: 502 Bad Gateway',
      ],
      [503, 'error trying to reach service: No agent available'],
    ].map(([status, message]): [string, Failure, NoToken | undefined, Trouble] => [
      `that it has no way to the pod says so: ${message}`,
      { status: Number(status), message: String(message) },
      undefined,
      { kind: 'noWay', message: String(message) },
    ]),
    [
      'that the pod refuses connections means that it is starting',
      { status: 503, message: 'error trying to reach service: dial tcp: connection refused' },
      undefined,
      {
        kind: 'unreachable',
        message: 'error trying to reach service: dial tcp: connection refused',
      },
    ],
    [
      'of a proxy that gave up waiting means that it is unreachable',
      { status: 504, message: 'Gateway Timeout' },
      undefined,
      { kind: 'unreachable', message: 'Gateway Timeout' },
    ],
    [
      'that comes too late means that it is unreachable',
      { status: 408, message: 'Request timed-out' },
      undefined,
      { kind: 'unreachable', message: 'Request timed-out' },
    ],
    [
      '404 of the sidecar means that it is not there',
      { status: 404, message: 'run 7 is not known' },
      undefined,
      { kind: 'notFound', message: 'run 7 is not known' },
    ],
    [
      '500 says where to look',
      { status: 500, message: 'see the log, id 7' },
      undefined,
      { kind: 'failed', message: 'see the log, id 7' },
    ],
  ])('%s', (_, door, refused, expected) => expect(troubleAfter(door, refused)).toEqual(expected));

  it.each<[string, Failure, Trouble]>([
    ['not found', { status: 404, message: 'services "volumes" not found' }, { kind: 'absent' }],
    [
      'forbidden',
      {
        status: 403,
        message:
          'services "volumes:http" is forbidden: User "ann" cannot get resource "services/proxy" in API group "" in the namespace "backup"',
      },
      { kind: 'noRight', right: { ...proxy, name: 'volumes:http', namespace: 'backup' } },
    ],
  ])('that the Service is %s may name another Service', (_, answer, expected) =>
    expect(troubleAfter(answer)).toEqual(expected)
  );

  it('that is a login page is told apart from all others', () => {
    expect(troubleOf(new LoginPage())).toEqual({ kind: 'loginPage' });
  });

  it('from the cache of Headlamp is told apart from all others', () => {
    expect(troubleOf(new CachedAnswer())).toEqual({ kind: 'cached' });
  });

  it('of the sidecar without a token decides where no token could be had', () => {
    const refused = new TokenRefused('shop', 'nkvm-user', { status: 404 });
    refused.door = { status: 404, message: 'services "nkvm" not found' };
    expect(troubleOf(refused)).toEqual({ kind: 'absent' });
  });
});

it('gives the command that checks a right', () => {
  expect(canI(token)).toBe(
    'kubectl auth can-i create serviceaccounts/nkvm-user --subresource=token -n shop'
  );
});

it('an answer that was cut off is one of its own, and no sign that the service is away', () => {
  expect(troubleOf(new CutOff())).toEqual({ kind: 'cutOff' });
});

it.each<[boolean, string, Trouble]>([
  [true, 'was cut off', { kind: 'cutOff' }],
  [true, 'did not come', { kind: 'offline' }],
  [true, 'took too long', { kind: 'unreachable', message: 'Request timed-out' }],
  [true, 'broke', { kind: 'noWay', message: 'error trying to reach service: EOF' }],
  [
    false,
    'says that there is no pod',
    { kind: 'unreachable', message: 'no endpoints available for service "nkvm:http"' },
  ],
  [
    false,
    'says that there is no connection',
    {
      kind: 'noWay',
      message: 'error trying to reach service: dial tcp 10.0.0.1:8080: i/o timeout',
    },
  ],
  [false, 'is a refusal', { kind: 'failed', message: 'claim shop/x exists' }],
  [false, 'is that a right is missing', { kind: 'denied', message: 'ann may not' }],
])('whether something was done is in doubt (%s) where the answer %s', (expected, _, trouble) => {
  expect(isInDoubt(trouble)).toBe(expected);
});
