import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { accessOf } from '../cluster/gateway/access.ts';
import { remoteWatchLimits, WatchCache } from '../cluster/watch/watchCache.ts';
import { remoteGateway } from './remoteGateway.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that does what it likes. */
async function hostile(answer: Answer, { host = '127.0.0.1' } = {}) {
  const requests: string[] = [];
  let connections = 0;
  const server = http.createServer((request, response) => {
    requests.push(request.url ?? '');
    response.on('error', () => undefined);
    answer(request, response);
  });
  server.on('connection', () => (connections += 1));
  server.on('upgrade', (request, socket) => {
    requests.push(request.url ?? '');
    socket.end('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'remote', server: `http://${host}:${port}`, skipTLSVerify: true },
    { name: 'nkvm', token: 'x' }
  );
  const gateway = (isLoopbackAllowed = true) => {
    const opened = remoteGateway({ kubeConfig }, { isLoopbackAllowed });
    onTestFinished(() => opened.stop());
    return opened;
  };
  return { port, gateway, requests, connections: () => connections };
}

const call = { path: '/version', limitMs: 20_000, tryMs: 20_000, repeat: 'never' } as const;
const MiB = 1024 * 1024;

/** Sends `chunk` for as long as it is taken. */
function flood(response: ServerResponse, chunk: string | Buffer, sent = { bytes: 0 }): void {
  const more = (): void => {
    while (!response.destroyed && response.write(chunk)) sent.bytes += chunk.length;
    sent.bytes += chunk.length;
  };
  response.on('drain', more);
  more();
}

it('reads no more of an answer than its limit, and hangs up', async () => {
  const sent = { bytes: 0 };
  let ended: Promise<unknown> | undefined;
  const { gateway } = await hostile((_, response) => {
    ended = once(response, 'close');
    flood(response, 'x'.repeat(MiB), sent);
  });
  await expect(gateway().json(call)).rejects.toThrow('an answer of more than 32 MiB');
  await ended;
  expect(sent.bytes).toBeLessThan(64 * MiB);
});

it('reads no more than the beginning of a refusal', async () => {
  const sent = { bytes: 0 };
  const { gateway } = await hostile((_, response) => {
    response.writeHead(403);
    flood(response, 'x'.repeat(64 * 1024), sent);
  });
  await expect(gateway().json(call)).rejects.toMatchObject({ status: 403 });
  expect(sent.bytes).toBeLessThan(16 * MiB);
});

it('gives up an answer that trickles', async () => {
  const { gateway } = await hostile((_, response) => {
    const timer = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(timer));
  });
  await expect(gateway().json({ ...call, tryMs: 200 })).rejects.toThrow('took longer than 0.2 s');
});

it('follows no redirect, also not of a WebSocket', async () => {
  const other = await hostile((_, response) => response.end('{}'));
  const { gateway } = await hostile((_, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:${other.port}/` }).end();
  });
  await expect(gateway().json(call)).rejects.toMatchObject({ status: 307 });
  const socket = gateway().socket({ path: '/exec', query: [], protocols: ['v5.channel.k8s.io'] });
  await expect(socket).rejects.toMatchObject({ status: 302 });
  expect(other.requests).toEqual([]);
});

it('decompresses nothing', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * MiB));
  const { gateway } = await hostile((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
  });
  await expect(gateway().json(call)).rejects.toThrow('does not send JSON');
});

it.each<[string, Answer]>([
  ['HTML', (_, response) => response.end('<html></html>')],
  ['half of its JSON', (_, response) => response.end('{"major":')],
  [
    'headers without an end',
    (_, response) => response.socket?.end(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(9_000)}`),
  ],
  ['something that is not HTTP', (_, response) => response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n')],
  ['nothing', (_, response) => response.socket?.destroy()],
])('says that the API server cannot be reached where it sends %s', async (_, answer) => {
  const { gateway } = await hostile(answer);
  await expect(gateway().json(call)).rejects.toMatchObject({ kind: 'unreachable' });
});

it('does not take a wrong answer for a yes', async () => {
  const { gateway } = await hostile((_, response) => response.end('{"status":{"allowed":"true"}}'));
  const action = { verb: 'list', group: '', resource: 'pods' } as const;
  expect(await accessOf(gateway()).mayI(action)).toBe(false);
});

it('connects to no address that a name has got since the kubeconfig was read', async () => {
  const { gateway, connections } = await hostile((_, response) => response.end('{}'), {
    host: 'localhost', // stands for a name that has another address now
  });
  await expect(gateway(false).json(call)).rejects.toThrow(/localhost resolves to .* loopback/);
  const socket = gateway(false).socket({
    path: '/exec',
    query: [],
    protocols: ['v5.channel.k8s.io'],
  });
  await expect(socket).rejects.toThrow(/loopback/);
  expect(connections()).toBe(0);
  await expect(gateway(true).json(call)).resolves.toEqual({});
});

/** A watch of claims whose list is empty, and what comes of it. */
async function watched(onWatch: Answer, onList?: Answer) {
  const { gateway, requests } = await hostile((request, response) => {
    if (request.url?.includes('watch=true')) return onWatch(request, response);
    if (onList) return onList(request, response);
    return void response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }));
  });
  const warned: string[] = [];
  const cache = new WatchCache<{ metadata: { name: string } }, { name: string }>(
    gateway(),
    { name: 'claims', path: '/claims', project: ({ metadata: { name } }) => ({ name }) },
    { info: () => undefined, warn: (_, text) => warned.push(text) },
    { ...remoteWatchLimits, retryMs: () => 50 }
  );
  onTestFinished(() => cache.stop());
  return { cache, warned, requests };
}

const event = (name: string, more = {}): string =>
  `${JSON.stringify({
    type: 'ADDED',
    object: { metadata: { name, resourceVersion: '2', ...more } },
  })}\n`;

const eventually = <T>(look: () => T) => expect.poll(look, { interval: 10, timeout: 30_000 });

it('reads no more of a line of a watch than its limit', async () => {
  const { warned } = await watched((_, response) => flood(response, 'x'.repeat(MiB)));
  await eventually(() => warned.join()).toContain('a line of more than 4 MiB');
});

it('lets a flood of events wait, so that others are served meanwhile', async () => {
  const sent = { bytes: 0 };
  const { cache } = await watched((_, response) => flood(response, event('a').repeat(1_000), sent));
  await eventually(() => cache.facts.get('', 'a')).toEqual({ name: 'a' });
  const good = await hostile((_, response) => response.end('{"ok":true}'));
  const gateway = good.gateway();
  const began = sent.bytes;
  for (let index = 0; index < 50; index += 1)
    await expect(gateway.json({ ...call, repeat: 'never' })).resolves.toEqual({ ok: true });
  expect(sent.bytes - began).toBeLessThan(64 * MiB);
});

it.each<[string, string]>([
  ['a path', '../../etc/passwd'],
  ['a line break', 'a\nb'],
  ['markup', '<img src=x>'],
  ['no end', 'x'.repeat(300)],
])('keeps no object whose name has %s', async (_, name) => {
  const { cache, warned } = await watched(
    (__, response) => void response.write(event('good') + event(name))
  );
  await eventually(() => warned.join()).toContain('a name that Kubernetes does not allow');
  expect([...cache.facts.in()]).toEqual([{ name: 'good' }]);
});

it('ends a list that has no end', async () => {
  let page = 0;
  const { cache, warned } = await watched(
    () => undefined,
    (_, response) => {
      page += 1;
      const items = Array.from({ length: 2_000 }, (__, at) => ({
        metadata: { name: `c-${page}-${at}` },
      }));
      response.end(
        JSON.stringify({ metadata: { resourceVersion: '1', continue: `${page}` }, items })
      );
    }
  );
  await eventually(() => warned.join()).toContain('more than 100000 objects');
  expect(cache.hasList).toBe(false);
});

it.each(['{"items":7}', '{"metadata":null}', '[]', 'null', '{"items":[null],"metadata":{}}'])(
  'goes on after a list that is %s',
  async body => {
    const { cache, warned } = await watched(
      () => undefined,
      (_, response) => void response.end(body)
    );
    await eventually(() => warned.length).toBeGreaterThan(0);
    expect(cache.hasList).toBe(false);
  }
);
