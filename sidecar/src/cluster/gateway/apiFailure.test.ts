import { describe, expect, it } from 'vitest';
import type { FailureClass } from '../../errors.ts';
import { apiAnswer } from '../../testing/cluster/apiAnswer.ts';
import type { ApiFailure, FailureKind } from './apiFailure.ts';
import { failureOf, failureOfConnection, isMissingRight } from './apiFailure.ts';

const WEBHOOK =
  'Internal error occurred: failed calling webhook "validate.kyverno.svc-fail": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/validate/fail?timeout=10s": context deadline exceeded';

/** Status, reason and message of a Status; kind, class, whether the API server is unavailable, whether the call may be done. */
const STATUSES: [number, string, string, FailureKind, FailureClass, boolean, boolean][] = [
  [
    400,
    'BadRequest',
    'the object provided is unrecognized',
    'invalid',
    'needs-action',
    false,
    false,
  ],
  [
    400,
    'BadRequest',
    'admission webhook "validate.kyverno.svc-fail" denied the request: policy',
    'refused',
    'needs-action',
    false,
    false,
  ],
  [401, 'Unauthorized', 'Unauthorized', 'refused', 'needs-action', true, false],
  [
    403,
    'Forbidden',
    'pods is forbidden: User "u" cannot create resource "pods" in API group "" in the namespace "shop"',
    'refused',
    'needs-action',
    false,
    false,
  ],
  [
    403,
    'Forbidden',
    'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
    'refused',
    'transient',
    false,
    false,
  ],
  [
    403,
    'Forbidden',
    'pods "x" is forbidden: error looking up service account shop/default: serviceaccount "default" not found',
    'refused',
    'transient',
    false,
    false,
  ],
  [404, 'NotFound', 'pods "x" not found', 'notFound', 'needs-action', false, false],
  [409, 'AlreadyExists', 'pods "x" already exists', 'conflict', 'unknown', false, false],
  [
    409,
    'Conflict',
    'Operation cannot be fulfilled on leases.coordination.k8s.io "nkvm": the object has been modified; please apply your changes to the latest version and try again',
    'conflict',
    'transient',
    false,
    false,
  ],
  [
    409,
    'Conflict',
    'Operation cannot be fulfilled on resourcequotas "q": the object has been modified; please apply your changes to the latest version and try again',
    'busy',
    'transient',
    false,
    false,
  ],
  [410, 'Expired', 'too old resource version: 1 (1000)', 'gone', 'transient', false, false],
  [
    413,
    'RequestEntityTooLarge',
    'etcdserver: request is too large',
    'invalid',
    'needs-action',
    false,
    false,
  ],
  [
    422,
    'Invalid',
    `pods "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`,
    'refused',
    'needs-action',
    false,
    false,
  ],
  [
    422,
    'Invalid',
    'Pod "x" is invalid: spec: Required value',
    'invalid',
    'needs-action',
    false,
    false,
  ],
  [
    429,
    'TooManyRequests',
    'Too many requests, please try again later.',
    'busy',
    'transient',
    false,
    false,
  ],
  [500, 'InternalError', 'etcdserver: request timed out', 'busy', 'transient', true, true],
  [500, '', 'etcdserver: leader changed', 'busy', 'transient', true, true],
  [500, '', 'etcdserver: mvcc: database space exceeded', 'busy', 'unknown', true, true],
  [500, 'InternalError', WEBHOOK, 'busy', 'transient', false, false],
  [
    500,
    '',
    'error dialing backend: dial tcp 10.0.0.5:10250: connect: connection refused',
    'unreachable',
    'transient',
    false,
    false,
  ],
  [
    500,
    'InternalError',
    'Internal error occurred: index out of range',
    'busy',
    'unknown',
    true,
    true,
  ],
  [503, 'ServiceUnavailable', 'apiserver is shutting down', 'busy', 'transient', true, true],
  [
    504,
    'Timeout',
    'Timeout: request did not complete within requested timeout - context deadline exceeded',
    'busy',
    'transient',
    true,
    true,
  ],
];

const seen = ({ kind, class: failureClass, isAway, mayBeDone }: ApiFailure) => [
  kind,
  failureClass,
  isAway,
  mayBeDone,
];

describe('a Status of the API server', () => {
  it.each(STATUSES)('%i %s %s', (status, reason, message, ...expected) => {
    const failure = apiAnswer(status, message, reason);
    expect(seen(failure)).toEqual(expected);
    expect(failure).toMatchObject({ status, message, reason: reason || undefined });
  });

  it('has a message of one line, its causes, and the time to wait', () => {
    const failure = failureOf({
      status: 429,
      body: JSON.stringify({
        kind: 'Status',
        message: 'one\n\ntwo\tthree',
        details: { retryAfterSeconds: 7, causes: [{ reason: 'R', message: 'm', field: 'f' }] },
      }),
    });
    expect(failure.message).toBe('one two three');
    expect(failure.causes).toEqual([{ reason: 'R', message: 'm', field: 'f' }]);
    expect(failure.retryAfterMs).toBe(7000);
    expect(failureOf({ status: 429, body: '', retryAfter: '2' }).retryAfterMs).toBe(2000);
  });

  it('tells a missing right from an admission rule', () => {
    expect(
      STATUSES.map(([status, reason, message]) =>
        isMissingRight(apiAnswer(status, message, reason))
      ).filter(Boolean)
    ).toHaveLength(1);
  });
});

describe('an answer that is not a Status', () => {
  it.each<[string, number, string, FailureKind, FailureClass, boolean, string]>([
    [
      'a load balancer without a backend',
      502,
      '<html><h1>502 Bad Gateway</h1></html>',
      'unreachable',
      'transient',
      true,
      'the API server answered HTTP 502',
    ],
    [
      'an ingress without a backend',
      404,
      'default backend - 404',
      'invalid',
      'unknown',
      false,
      'default backend - 404',
    ],
    [
      'a path that the API server has not',
      404,
      '404 page not found\n',
      'invalid',
      'unknown',
      false,
      '404 page not found',
    ],
    [
      'a page to log in',
      302,
      '<a href="/login">Found</a>.',
      'invalid',
      'needs-action',
      false,
      'the API server answered HTTP 302',
    ],
    ['a busy proxy', 429, 'slow down', 'busy', 'transient', false, 'slow down'],
    [
      'a proxy that wants to know who is there',
      401,
      '',
      'refused',
      'needs-action',
      true,
      'the API server answered HTTP 401',
    ],
    [
      'a kubelet whose container has ended',
      500,
      'unable to upgrade connection: container not found ("helper")',
      'notFound',
      'transient',
      false,
      'unable to upgrade connection: container not found ("helper")',
    ],
    [
      'a Status of another kind',
      503,
      '{"error":"down"}',
      'unreachable',
      'transient',
      true,
      'the API server answered HTTP 503',
    ],
  ])('from %s', (_, status, body, kind, failureClass, isAway, message) => {
    expect(failureOf({ status, body })).toMatchObject({
      kind,
      class: failureClass,
      isAway,
      message,
    });
  });
});

describe('no answer', () => {
  const thrown = (code: string, message = code) => Object.assign(new Error(message), { code });

  it.each<[string, Error, FailureClass, boolean]>([
    ['nothing listens', thrown('ECONNREFUSED'), 'transient', false],
    ['the name is not known', thrown('ENOTFOUND'), 'transient', false],
    ['the name server does not answer', thrown('EAI_AGAIN'), 'transient', false],
    ['the connection was reset', thrown('ECONNRESET', 'read ECONNRESET'), 'transient', true],
    ['the connection was closed', thrown('ECONNRESET', 'socket hang up'), 'transient', true],
    [
      'the peer closed it in the TLS handshake',
      thrown(
        'ECONNRESET',
        'Client network socket disconnected before secure TLS connection was established'
      ),
      'transient',
      true,
    ],
    ['the connection timed out', thrown('ETIMEDOUT'), 'transient', true],
    [
      'no address can be reached',
      new AggregateError([thrown('ECONNREFUSED')], ''),
      'transient',
      false,
    ],
    [
      'the certificate is self-signed',
      thrown('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
      'needs-action',
      false,
    ],
    [
      'the authority is not known',
      thrown('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'),
      'needs-action',
      false,
    ],
    [
      'the issuer is missing',
      thrown('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'),
      'needs-action',
      false,
    ],
    [
      'the certificate has expired',
      thrown('CERT_HAS_EXPIRED', 'certificate has expired'),
      'needs-action',
      false,
    ],
    [
      'the certificate is for another name',
      thrown('ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"),
      'needs-action',
      false,
    ],
    [
      'our own certificate is not accepted',
      thrown('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tlsv13 alert certificate required'),
      'needs-action',
      false,
    ],
    ['its address is wrong', thrown('ERR_INVALID_URL', 'Invalid URL'), 'needs-action', false],
    ['it does not speak TLS', thrown('EPROTO', 'wrong version number'), 'needs-action', false],
  ])('because %s', (_, error, failureClass, mayBeDone) => {
    const failure = failureOfConnection('10.0.0.1:443', error);
    expect(failure).toMatchObject({
      kind: 'unreachable',
      class: failureClass,
      status: undefined,
      isAway: true,
      mayBeDone,
      cause: error,
    });
    expect(failure.message).toMatch(/^the API server 10.0.0.1:443 cannot be reached: \S+/);
  });

  it.each([
    [
      'write EPROTO 40ADC93C787F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/openssl/openssl/ssl/record/methods/tlsany_meth.c:77:\n',
      'TLS: wrong version number',
    ],
    [
      'self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
      'self-signed certificate',
    ],
  ])('is told in plain words: %s', (message, expected) => {
    expect(failureOfConnection('api', thrown('EPROTO', message)).message).toBe(
      `the API server api cannot be reached: ${expected}`
    );
  });
});
