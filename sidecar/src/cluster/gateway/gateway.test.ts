import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { gatewayOf, pathOf } from './gateway.ts';

/** A server on a port of its own, which can go away and come back. */
class Api {
  readonly asked: string[] = [];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  #server: http.Server | undefined;
  #port = 0;

  constructor(answer: RequestListener) {
    this.answer = answer;
  }

  async up(): Promise<void> {
    this.#server = http.createServer((request, response) => {
      if (request.url !== '/readyz') this.asked.push(`${request.method} ${request.url}`);
      this.answer(request, response);
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    const closed = this.#server && once(this.#server, 'close');
    this.#server?.close();
    this.#server?.closeAllConnections();
    await closed;
    this.#server = undefined;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
}

const json = (response: ServerResponse, status: number, body: object, headers = {}): void =>
  void response.writeHead(status, headers).end(JSON.stringify(body));
const status = (response: ServerResponse, code: number, message: string, headers = {}): void =>
  json(response, code, { kind: 'Status', status: 'Failure', message }, headers);

async function api(answer: RequestListener): Promise<Api> {
  const server = new Api(answer);
  await server.up();
  onTestFinished(() => server.down());
  return server;
}

function gatewayTo(server: Api, options: GatewayOptions = {}, user = {}, prefix = ''): Gateway {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'local', server: server.url + prefix, skipTLSVerify: true },
    { name: 'runner', token: 'secret-token', ...user }
  );
  const gateway = gatewayOf(kubeConfig, { probePauseMs: 20, random: () => 0, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** Answers the first requests by `faults`, in turn, and then with `{}`. Probes are always answered. */
const faulty =
  (...faults: RequestListener[]): RequestListener =>
  (request, response) => {
    const fault = request.url === '/readyz' ? undefined : faults.shift();
    if (fault) fault(request, response);
    else json(response, 200, {});
  };

const PODS = '/api/v1/pods';

describe('one call', () => {
  it('asks below the path of the server, with query, token and body', async () => {
    const server = await api((request, response) => {
      text(request).then(body => {
        const { url, method, headers } = request;
        json(response, 200, { url, method, body, authorization: headers.authorization });
      });
    });
    const gateway = gatewayTo(server, {}, {}, '/k8s/clusters/c-1/');
    expect(
      await gateway.json({
        method: 'POST',
        path: pathOf('/api/v1/namespaces', 'a/b', 'pods'),
        query: { limit: '5', continue: 'a=b&c' },
        body: { a: 1 },
      })
    ).toEqual({
      url: '/k8s/clusters/c-1/api/v1/namespaces/a%2Fb/pods?limit=5&continue=a%3Db%26c',
      method: 'POST',
      body: '{"a":1}',
      authorization: 'Bearer secret-token',
    });
  });

  it('fails with the words of the API server, in one line', async () => {
    const server = await api((_, response) => status(response, 403, 'pods is\nforbidden'));
    await expect(gatewayTo(server).json({ path: PODS })).rejects.toMatchObject({
      name: 'ApiFailure',
      kind: 'refused',
      status: 403,
      message: 'pods is forbidden',
    });
    expect(server.asked).toHaveLength(1);
  });

  it('fails when what answers does not send JSON', async () => {
    const server = await api((_, response) => response.end('<html>'));
    await expect(gatewayTo(server).json({ path: PODS, repeat: 'never' })).rejects.toMatchObject({
      kind: 'unreachable',
      class: 'unknown',
    });
  });

  it('fails with the reason of the caller', async () => {
    const stop = new AbortController();
    const server = await api(() => stop.abort(new Error('cancelled by alice')));
    await expect(gatewayTo(server).json({ path: PODS, signal: stop.signal })).rejects.toThrow(
      'cancelled by alice'
    );
  });

  it('fails when the kubeconfig names a token that is not there', async () => {
    const server = await api(faulty());
    const gateway = gatewayTo(
      server,
      {},
      { authProvider: { name: 'tokenFile', config: { tokenFile: '/nowhere' } } }
    );
    await expect(gateway.json({ path: PODS })).rejects.toMatchObject({
      class: 'needs-action',
      message: expect.stringMatching(/credentials .* cannot be read: ENOENT/),
    });
  });

  it('tries a token again that was replaced since it was read, once', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-token-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const tokenFile = join(dir, 'token');
    writeFileSync(tokenFile, 'old');
    const server = await api(({ headers }, response) =>
      headers.authorization === 'Bearer new'
        ? json(response, 200, {})
        : status(response, 401, 'Unauthorized')
    );
    const gateway = gatewayTo(
      server,
      {},
      { token: undefined, authProvider: { name: 'tokenFile', config: { tokenFile } } }
    );
    await expect(gateway.json({ path: PODS })).rejects.toMatchObject({ status: 401 });
    expect(server.asked).toHaveLength(2);
    writeFileSync(tokenFile, 'new');
    await gateway.json({ path: PODS });
  });
});

const reset: RequestListener = (_, response) => response.destroy();
const hang: RequestListener = () => undefined;
const answers =
  (code: number, message = '', headers = {}): RequestListener =>
  (_, response) =>
    status(response, code, message, headers);

describe('a failure that passes', () => {
  it.each<[string, RequestListener[]]>([
    ['a reset', [reset]],
    ['a server that does not answer', [hang]],
    ['503', [answers(503, 'apiserver is shutting down')]],
    ['500 of etcd', [answers(500, 'etcdserver: request timed out')]],
    ['502 of a load balancer', [(_, response) => response.writeHead(502).end('<html>')]],
    ['504', [answers(504, 'Timeout: request did not complete')]],
    ['429', [answers(429, 'Too many requests')]],
    ['several of them', [reset, answers(503), reset, answers(429)]],
    [
      'a body that breaks off',
      [(_, response) => response.write('{"a":', () => response.destroy())],
    ],
    ['a body that pauses', [(_, response) => response.write('{"a":')]],
  ])('is repeated for a GET: %s', async (_, faults) => {
    const server = await api(faulty(...faults));
    expect(await gatewayTo(server).json({ path: PODS, tryMs: 150 })).toEqual({});
    expect(server.asked).toHaveLength(faults.length + 1);
  });

  it.each<[string, RequestListener, number]>([
    ['429 has done nothing', answers(429), 2],
    [
      'an admission webhook that cannot be called has done nothing',
      answers(500, 'failed calling webhook "w": no'),
      2,
    ],
    ['a reset may have done it', reset, 1],
    ['500 may have done it', answers(500, 'etcdserver: request timed out'), 1],
  ])('is repeated for a POST when nothing can have happened: %s', async (_, fault, tries) => {
    const server = await api(faulty(fault));
    await gatewayTo(server)
      .json({ method: 'POST', path: PODS, body: {} })
      .catch(() => undefined);
    expect(server.asked).toHaveLength(tries);
  });

  it('waits for as long as the API server asks', async () => {
    const server = await api(faulty(answers(429, 'later', { 'retry-after': '1' })));
    const began = performance.now();
    await gatewayTo(server).json({ path: PODS });
    expect(performance.now() - began).toBeGreaterThan(990);
  });

  it('is told when the API server asks to wait longer than the call may take', async () => {
    const server = await api((_, response) =>
      status(response, 429, 'later', { 'retry-after': '60' })
    );
    await expect(gatewayTo(server).json({ path: PODS, limitMs: 5_000 })).rejects.toMatchObject({
      kind: 'busy',
      retryAfterMs: 60_000,
    });
    expect(server.asked).toHaveLength(1);
  });

  it('is told when the whole call is over its limit', async () => {
    const server = await api((_, response) => status(response, 503, 'down'));
    await expect(gatewayTo(server).json({ path: PODS, limitMs: 500 })).rejects.toMatchObject({
      status: 503,
      class: 'transient',
    });
    expect(server.asked.length).toBeGreaterThan(2);
  });

  it('is not repeated when the call says so', async () => {
    const server = await api(faulty(reset));
    await expect(gatewayTo(server).json({ path: PODS, repeat: 'never' })).rejects.toMatchObject({
      kind: 'unreachable',
    });
  });
});

describe('lanes', () => {
  it('bound what is under way, and never wait for each other', async () => {
    let open = 0;
    let most = 0;
    const held: (() => void)[] = [];
    const server = await api((request, response) => {
      if (!request.url?.endsWith('reviews')) return json(response, 200, {});
      most = Math.max(most, (open += 1));
      held.push(() => {
        open -= 1;
        json(response, 201, {});
      });
    });
    const gateway = gatewayTo(server, { places: { reviews: 4, lease: 1, opening: 1, rest: 2 } });
    const review = () => gateway.json({ method: 'POST', path: '/reviews', lane: 'reviews' });
    const reviews = Array.from({ length: 1_500 }, review);
    await expect.poll(() => held.length).toBe(4);
    await gateway.json({ method: 'PUT', path: '/lease', lane: 'lease' });
    await gateway.json({ path: PODS });
    const answering = setInterval(() => held.splice(0).forEach(answer => answer()), 1);
    await Promise.all(reviews);
    clearInterval(answering);
    expect(most).toBe(4);
    expect(server.asked.length).toBe(1_502);
  });

  it('keep handshakes and watches that hang apart from other calls', async () => {
    const server = await api((request, response) => {
      if (request.url?.includes('watch')) return;
      json(response, 200, {});
    });
    const gateway = gatewayTo(server, { places: { reviews: 1, lease: 1, opening: 2, rest: 1 } });
    const stop = new AbortController();
    const watches = Array.from({ length: 5 }, () =>
      gateway
        .stream({ path: '/watch', signal: stop.signal, silenceMs: 5_000 })
        .catch(error => error.message)
    );
    await expect.poll(() => server.asked).toHaveLength(2);
    await gateway.json({ path: PODS });
    stop.abort(new Error('enough'));
    expect(await Promise.all(watches)).toEqual(Array(5).fill('enough'));
  });

  it('fail a call that waits for too long, without a word to the API server', async () => {
    const server = await api(hang);
    const gateway = gatewayTo(server, { places: { reviews: 1, lease: 1, opening: 1, rest: 1 } });
    const first = gateway.json({ path: '/first', limitMs: 400, repeat: 'never' });
    first.catch(() => undefined);
    await expect.poll(() => server.asked).toEqual(['GET /first']);
    await expect(gateway.json({ path: '/second', limitMs: 100 })).rejects.toMatchObject({
      kind: 'busy',
      message: 'GET /second was not sent within 0.1 s: too many calls are in progress',
    });
    expect(gateway.availability.isAway()).toBe(false);
    await expect(first).rejects.toThrow('GET /first took longer than 0.4 s');
    expect(server.asked).toEqual(['GET /first']);
  });
});

describe('a stream', () => {
  const opened = (server: Api, more: object = {}) =>
    gatewayTo(server).stream({ path: PODS, query: { watch: 'true' }, silenceMs: 5_000, ...more });

  it('goes on when the limits of its beginning are over', async () => {
    const server = await api((_, response) => {
      response.write('a');
      setTimeout(() => response.end('b'), 300);
    });
    expect(await text(await opened(server, { limitMs: 100, tryMs: 100 }))).toBe('ab');
  });

  it('breaks when it is silent', async () => {
    const server = await api((_, response) => response.write('a'));
    await expect(text(await opened(server, { silenceMs: 50 }))).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'the next part of /api/v1/pods took longer than 0.05 s',
    });
  });

  it('ends with its caller', async () => {
    const server = await api((_, response) => response.write('a'));
    const stop = new AbortController();
    const body = await opened(server, { signal: stop.signal });
    stop.abort();
    await expect(text(body)).rejects.toThrow();
  });

  it('fails when it does not begin', async () => {
    const server = await api(hang);
    await expect(opened(server, { limitMs: 50 })).rejects.toThrow(/took longer than 0.05 s/);
    server.answer = answers(410, 'too old resource version');
    await expect(opened(server)).rejects.toMatchObject({ kind: 'gone' });
  });
});

describe('availability', () => {
  it('is away while nothing listens, and back as soon as it answers', async () => {
    const server = await api(faulty());
    const gateway = gatewayTo(server);
    const changes: boolean[] = [];
    gateway.availability.onChange(isAway => changes.push(isAway));
    await gateway.json({ path: PODS });
    await server.down();
    const during = gateway.json({ path: PODS, limitMs: 10_000 });
    await expect.poll(() => gateway.availability.isAway()).toBe(true);
    expect(gateway.availability.reason()).toMatch(
      /cannot be reached: connect ECONNREFUSED|socket hang up/
    );
    const back = gateway.availability.untilBack(new AbortController().signal);
    await new Promise(resolve => setTimeout(resolve, 1_000));
    expect(gateway.availability.isAway()).toBe(true);
    await server.up();
    await back;
    expect(await during).toEqual({});
    expect(gateway.availability.isAway()).toBe(false);
    expect(gateway.availability.reason()).toBeUndefined();
    expect(changes).toEqual([true, false]);
    await gateway.availability.untilBack(new AbortController().signal); // at once
  });

  it('stays away while the API server answers but is not ready', async () => {
    const server = await api(faulty(answers(503, 'starting')));
    let isReady = false;
    const ordinary = server.answer;
    server.answer = (request, response) =>
      request.url === '/readyz' && !isReady
        ? response.writeHead(500).end('[-]etcd failed: reason withheld')
        : ordinary(request, response);
    const gateway = gatewayTo(server);
    await gateway.json({ path: PODS }); // the second try is answered
    await expect.poll(() => gateway.availability.reason()).toMatch(/etcd failed/);
    isReady = true;
    await expect.poll(() => gateway.availability.isAway()).toBe(false);
  });

  it('is back when a write went through, whatever the probe says', async () => {
    const server = await api((request, response) =>
      request.url === '/readyz' ? response.writeHead(500).end('no') : json(response, 200, {})
    );
    const gateway = gatewayTo(server);
    await server.down();
    await gateway.json({ path: PODS, repeat: 'never' }).catch(() => undefined);
    await server.up();
    await gateway.json({ path: PODS });
    expect(gateway.availability.isAway()).toBe(true); // a cached list proves little
    await gateway.json({ method: 'PUT', path: '/lease', lane: 'lease', body: {} });
    expect(gateway.availability.isAway()).toBe(false);
  });

  it('is away while our credentials are refused: every run would fail at once', async () => {
    let isKnown = false;
    const server = await api((_, response) =>
      isKnown ? json(response, 200, {}) : status(response, 401, 'Unauthorized')
    );
    const gateway = gatewayTo(server);
    await expect(gateway.json({ path: PODS })).rejects.toMatchObject({ class: 'needs-action' });
    expect(gateway.availability.isAway()).toBe(true);
    isKnown = true;
    await expect.poll(() => gateway.availability.isAway()).toBe(false);
  });

  it.each<[string, RequestListener]>([
    ['a missing right', answers(403, 'pods is forbidden: User "u" cannot list resource "pods"')],
    ['an object that is not there', answers(404, 'not found')],
    ['too many requests', answers(429, 'later', { 'retry-after': '60' })],
    ['an admission webhook that is away', answers(500, 'failed calling webhook "w": refused')],
    ['a kubelet that is away', answers(500, 'error dialing backend: dial tcp: refused')],
  ])('says nothing about the API server: %s', async (_, fault) => {
    const server = await api((request, response) =>
      request.url === '/readyz' ? json(response, 200, {}) : fault(request, response)
    );
    const gateway = gatewayTo(server);
    let changes = 0;
    gateway.availability.onChange(() => (changes += 1));
    await gateway.json({ path: PODS, repeat: 'never' }).catch(() => undefined);
    expect(changes).toBe(0);
  });

  it('takes "forbidden" by an API server that has just started for something that passes', async () => {
    let isReady = false;
    const server = await api(
      faulty(
        answers(503, 'starting'),
        answers(403, 'pods is forbidden: User "u" cannot list resource "pods"')
      )
    );
    const ordinary = server.answer;
    server.answer = (request, response) =>
      request.url === '/readyz' && !isReady
        ? response.writeHead(500).end('[-]poststarthook/rbac/bootstrap-roles failed')
        : ordinary(request, response);
    expect(await gatewayTo(server).json({ path: PODS })).toEqual({});
    isReady = true;
  });

  it('stops to wait with its caller', async () => {
    const server = await api(faulty());
    const gateway = gatewayTo(server);
    await server.down();
    await gateway.json({ path: PODS, repeat: 'never' }).catch(() => undefined);
    const stop = new AbortController();
    const waiting = gateway.availability.untilBack(stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('holds a thousand calls through an outage without a storm on the way back', async () => {
    const server = await api(faulty());
    const gateway = gatewayTo(server);
    await server.down();
    const calls = Array.from({ length: 1_000 }, (_, index) =>
      gateway.json({ path: `/claims/${index}`, limitMs: 20_000 })
    );
    await new Promise(resolve => setTimeout(resolve, 2_000));
    await server.up();
    expect(await Promise.all(calls)).toHaveLength(1_000);
    expect(server.asked).toHaveLength(1_000);
  });
});
