import Fastify from 'fastify';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { testCertificate } from '../../testing/cluster/testCertificates.ts';
import { openDoor } from './door.ts';

const LOG = { warn: () => undefined };
const LOCAL = { host: '127.0.0.1', port: 0 };

async function doorThat(waitsFor: () => string) {
  const door = await openDoor(LOCAL, waitsFor, LOG);
  onTestFinished(() => door.close().catch(() => undefined));
  const look = (path: string) => fetch(`http://127.0.0.1:${door.address.port}${path}`);
  return { door, look };
}

it('is alive and not ready from the first moment, and says what it is waiting for', async () => {
  let why = 'NKVM is starting: the history';
  const { look } = await doorThat(() => why);
  expect((await look('/healthz')).status).toBe(200);
  const ready = await look('/readyz');
  expect([ready.status, await ready.text()]).toEqual([503, why]);
  why = 'NKVM is starting: nkvm-1 holds Lease nkvm/nkvm';
  for (const path of ['/api/v1/volumes?x=1', '/api/v1/volumes/~abc123', '/metrics']) {
    const answer = await look(path);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({
      type: 'urn:nkvm:problem:starting',
      status: 503,
      reason: 'Starting',
      detail: why,
      message: expect.stringContaining(why),
    });
  }
  expect((await look('/readyz/~abc123')).status).toBe(503);
  expect((await look('/healthz/~abc123')).status).toBe(200);
});

it('hands over to the API on the same connection', async () => {
  const { door } = await doorThat(() => 'wait');
  const app = Fastify({ rewriteUrl: ({ url = '' }) => url.replace('/unique', '') });
  app.get('/healthz', async () => 'the API');
  await app.ready();
  const socket = net.connect(door.address.port);
  onTestFinished(() => void socket.destroy());
  const ask = async (path: string): Promise<string> => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    return String(answer);
  };
  expect(await ask('/healthz')).toContain('ok');
  door.open(app.routing);
  expect(await ask('/healthz/unique')).toContain('the API');
  await app.close();
  door.shut();
  expect(await ask('/healthz')).toContain('200 OK');
});

it('answers no request that was sent behind an unanswered one', async () => {
  const { door } = await doorThat(() => 'wait');
  const app = Fastify();
  let asked = 0;
  app.get('/healthz', async () => ((asked += 1), new Promise(() => undefined)));
  await app.ready();
  door.open(app.routing);
  const socket = net.connect(door.address.port);
  const closed = once(socket, 'close');
  socket.on('error', () => undefined);
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50));
  await closed;
  expect(asked).toBe(1);
});

it('closes streams that go on', async () => {
  const { door, look } = await doorThat(() => 'wait');
  door.open((_, response) => void response.write('data: 1\n\n'));
  const stream = await look('/events');
  await door.close();
  await expect(stream.text()).rejects.toThrow();
});

it('fails when the port is taken', async () => {
  const { door } = await doorThat(() => 'wait');
  await expect(openDoor({ ...LOCAL, port: door.address.port }, () => '', LOG)).rejects.toThrow(
    'EADDRINUSE'
  );
});

it('asks connections that are kept to end, once it is shut', async () => {
  const { door, look } = await doorThat(() => 'NKVM is stopping');
  expect((await look('/healthz')).headers.get('connection')).toBe('keep-alive');
  door.shut();
  const answer = await look('/api/v1/volumes');
  expect([answer.status, answer.headers.get('connection')]).toEqual([503, 'close']);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
});

it('tells browsers to take no answer for a page', async () => {
  const { door, look } = await doorThat(() => 'wait');
  door.open((_, response) => void response.writeHead(200, { 'x-more': '1' }).end('<script>'));
  for (const path of ['/healthz', `/${'x'.repeat(40_000)}`]) {
    const { headers } = await look(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  }
});

describe('a door with a certificate', () => {
  async function doorWithTls() {
    const [one, other] = [await testCertificate(), await testCertificate()];
    onTestFinished(async () => void (await Promise.all([one.remove(), other.remove()])));
    const tls = { cert: one.certificateFile, key: one.keyFile };
    const warned: string[] = [];
    const log = { warn: (_: object, text: string) => void warned.push(text) };
    const door = await openDoor({ ...LOCAL, tls, reloadMs: 20 }, () => 'wait', log as never);
    onTestFinished(() => door.close());
    const ask = async (ca: string): Promise<string> => {
      const options = { host: '127.0.0.1', port: door.address.port, path: '/healthz', ca };
      const [answer] = await once(https.get({ ...options, agent: false }), 'response');
      return await text(answer);
    };
    return { door, one, other, tls, ask, warned };
  }

  it('takes HTTPS and nothing else', async () => {
    const { door, one, ask } = await doorWithTls();
    expect(await ask(one.certificate)).toBe('ok');
    await expect(fetch(`http://127.0.0.1:${door.address.port}/healthz`)).rejects.toThrow();
  });

  it('does not say of a malformed request that the port takes plain HTTP', async () => {
    const { door, one } = await doorWithTls();
    const { port } = door.address;
    const socket = tls.connect({ host: '127.0.0.1', port, ca: one.certificate });
    socket.write('not HTTP\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toContain('MalformedRequest');
    expect(answer).not.toContain('plain HTTP');
  });

  it('uses a new certificate when the files have changed', async () => {
    const { one, other, tls, ask, warned } = await doorWithTls();
    await copyFile(other.certificateFile, tls.cert); // the key of the other one is not there yet
    await vi.waitUntil(() => warned.length > 0, { timeout: 20_000 });
    expect(await ask(one.certificate)).toBe('ok');
    await copyFile(other.keyFile, tls.key);
    await vi.waitUntil(() => ask(other.certificate).catch(() => ''), { timeout: 20_000 });
    await expect(ask(one.certificate)).rejects.toThrow();
  });

  it('says which files it cannot read', async () => {
    const tls = { cert: '/nowhere/tls.crt', key: '/nowhere/tls.key' };
    await expect(openDoor({ ...LOCAL, tls }, () => '', LOG)).rejects.toThrow(
      /certificate of NKVM_TLS_CERT and NKVM_TLS_KEY cannot be read.*nowhere/
    );
  });
});
