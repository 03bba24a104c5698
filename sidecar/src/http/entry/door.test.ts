import Fastify from 'fastify';
import { once } from 'node:events';
import net from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openDoor } from './door.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };

async function doorThat(waitsFor: () => string) {
  const door = await openDoor(LOCAL, waitsFor);
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
  await expect(openDoor({ ...LOCAL, port: door.address.port }, () => '')).rejects.toThrow(
    'EADDRINUSE'
  );
});
