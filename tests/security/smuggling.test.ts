import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaked } from './support/facts.ts';
import type { Account } from './support/kube.ts';
import { rawAsk, statusesIn } from './support/raw.ts';
import type { Team } from './support/victims.ts';
import { factsOnlyOf, makeTeam } from './support/victims.ts';
import type { HostileWorld } from './support/world.ts';
import { hostileWorld } from './support/world.ts';

const OTHER: Account = { namespace: 'smuggle-other', name: 'other' };

let world: HostileWorld;
let victim: Team;
let facts: string[];
let foreign: string;
/** The two ways to the sidecar: its own port, and the API server's service proxy. */
let ways: Record<string, { port: number; before: string }>;

beforeAll(async () => {
  world = await hostileWorld({ NKVM_LOG_LEVEL: 'debug' });
  const admin = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
  const other = await makeTeam(world, admin, OTHER.namespace, 'buzzard');
  victim = await makeTeam(world, admin, 'smuggle-victim', 'kestrel');
  await world.kube.account(OTHER);
  await world.kube.bind(OTHER.namespace, 'nkvm-restorer', OTHER);
  foreign = await world.kube.token(OTHER);
  const { volume, backups } = factsOnlyOf(victim, other);
  facts = [...volume, ...backups].filter(fact => fact !== victim.namespace);
  const proxied = new URL(world.proxied);
  ways = {
    'the port': { port: world.sidecar.port, before: '' },
    'the service proxy': { port: Number(proxied.port), before: proxied.pathname },
  };
});
afterAll(() => world?.stop());

const VOLUMES = '/api/v1/volumes';

/** Headers with which proxies and frameworks change the caller or the target of a request. */
const CLAIMS_OF_OTHERS = [
  'X-Forwarded-User: system:admin',
  'X-Forwarded-For: 127.0.0.1',
  'X-Forwarded-Host: kubernetes.default.svc',
  'X-Forwarded-Uri: /healthz',
  'X-Remote-User: system:admin',
  'X-Remote-Group: system:masters',
  'Impersonate-User: system:serviceaccount:nkvm:nkvm-admin',
  'X-Original-URL: /healthz',
  'X-Rewrite-URL: /healthz',
  'X-HTTP-Method-Override: GET',
  'Forwarded: for=127.0.0.1;proto=https;by=nkvm',
];

describe.each(['the port', 'the service proxy'])('through %s', way => {
  const ask = async (line: string, headers: string[] = [], body = ''): Promise<string> => {
    const { port, before } = ways[way]!;
    const target = line.replace(/^(\w+) /, `$1 ${before}`);
    const lines = [
      `${target} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: close',
      ...headers,
    ];
    return await rawAsk(port, `${lines.join('\r\n')}\r\n\r\n${body}`);
  };

  it.each(CLAIMS_OF_OTHERS)('a header does not stand for a caller: %s', async header => {
    const answer = await ask(`GET ${VOLUMES}`, [header]);
    expect(statusesIn(answer).every(status => status >= 400)).toBe(true);
    expect(answer).toContain('TokenMissing');
  });

  it.each(CLAIMS_OF_OTHERS)('a header changes nothing about a caller: %s', async header => {
    const answer = await ask(`GET ${VOLUMES}/${victim.namespace}/${victim.claim}`, [
      `X-NKVM-Token: ${foreign}`,
      header,
    ]);
    expect(statusesIn(answer)).toEqual([403]);
  });

  it('a call with two tokens has no caller', async () => {
    const admin = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
    for (const pair of [
      [admin, foreign],
      [foreign, admin],
      [admin, ''],
    ]) {
      const answer = await ask(
        `GET ${VOLUMES}`,
        pair.map(token => `X-NKVM-Token: ${token}`)
      );
      expect(leaked(facts, answer)).toEqual([]);
      expect(statusesIn(answer)).toEqual([401]);
    }
  });

  it.each([
    '/api/v1/downloads/..%2fvolumes',
    '/api/v1/downloads/%2e%2e/volumes',
    '/api/v1/downloads/%2e%2e%2fvolumes',
    '/api/v1/downloads/%252e%252e%252fvolumes',
    '/api/v1/./volumes',
    '/api/v1//volumes',
    '//api/v1/volumes',
    '/healthz/../api/v1/volumes',
    '/healthz/%2e%2e/api/v1/volumes',
    '/healthz%2f..%2fapi%2fv1%2fvolumes',
    '/api/v1/volumes/~abc',
    '/api/v1/volumes;/healthz',
    '/api/v1/openapi.json/../volumes',
    '/API/V1/VOLUMES',
    '/metrics',
    '/metrics/',
  ])('a path leads nowhere without a token: %s', async path => {
    const answer = await ask(`GET ${path}`);
    for (const status of statusesIn(answer)) expect([301, 400, 401, 403, 404]).toContain(status);
    expect(leaked(facts, answer)).toEqual([]);
  });

  it.each([
    'Transfer-Encoding: chunked\r\nContent-Length: 4',
    'Content-Length: 4\r\nContent-Length: 40',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 4',
    'Transfer-Encoding : chunked\r\nContent-Length: 4',
    'Transfer-Encoding: xchunked\r\nContent-Length: 4',
    'Content-Length: +4',
    'Content-Length: 4\r\n Transfer-Encoding: chunked',
  ])('a second request is not hidden in the body of another one: %s', async headers => {
    const admin = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
    const { port, before } = ways[way]!;
    // If the two ends of a connection disagreed on the length, the next caller would get this answer.
    const hidden = `0\r\n\r\nGET ${before}${VOLUMES} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-NKVM-Token: ${admin}\r\n\r\n`;
    const answer = await ask(
      'POST /api/v1/backups',
      [`X-NKVM-Token: ${foreign}`, 'Content-Type: application/json', headers],
      hidden
    );
    expect(leaked(facts, answer)).toEqual([]);
    expect(statusesIn(answer).filter(status => status < 400)).toEqual([]);
  });
});

it('a URL of another host is no way past the token', async () => {
  const { port } = ways['the port']!;
  for (const url of [`http://127.0.0.1${VOLUMES}`, `http://x${VOLUMES}`, '*', 'x:443']) {
    for (const method of ['GET', 'CONNECT', 'OPTIONS', 'TRACE']) {
      const answer = await rawAsk(
        port,
        `${method} ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
      );
      expect(leaked(facts, answer)).toEqual([]);
      for (const status of statusesIn(answer)) expect(status).toBeGreaterThanOrEqual(400);
    }
  }
});

it('a cookie is neither read nor logged', async () => {
  const cookie = `session=${'kestrel-cookie'.repeat(3)}`;
  const { port } = ways['the port']!;
  for (const path of [VOLUMES, '/nowhere', '/api/v1/%zz'])
    await rawAsk(
      port,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`
    );
  expect(JSON.stringify(world.sidecar.log)).not.toContain('kestrel-cookie');
});
