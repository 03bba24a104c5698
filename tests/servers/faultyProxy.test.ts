import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { startFaultyProxy } from './faultyProxy.ts';

const KiB = 1024;

/** A server that returns what it receives, behind a proxy. @returns a connection to it. */
async function echo() {
  const server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => undefined).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const proxy = await startFaultyProxy({ to: { port } });
  onTestFinished(async () => {
    await proxy.stop();
    server.close();
  });
  const dial = async (): Promise<Socket> => {
    const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  };
  return { proxy, dial };
}

const bytes = Buffer.alloc(256 * KiB, 'nkvm');

it('passes everything on while nothing is wrong', async () => {
  const { proxy, dial } = await echo();
  const socket = await dial();
  socket.end(bytes);
  expect((await buffer(socket)).equals(bytes)).toBe(true);
  expect(proxy.passed('up')).toBe(bytes.length);
  expect(proxy.connections()).toBe(1);
});

it('resets a connection half-way, and works again', async () => {
  const { proxy, dial } = await echo();
  proxy.set({ kind: 'reset', afterBytes: 100 * KiB });
  const socket = await dial();
  socket.end(bytes);
  await expect(buffer(socket)).rejects.toThrow('ECONNRESET');
  expect(proxy.passed('up')).toBe(100 * KiB);
  proxy.set();
  const again = await dial();
  again.end(bytes);
  expect(await buffer(again)).toHaveLength(bytes.length);
});

it('ends a connection early, as if all was said', async () => {
  const { proxy, dial } = await echo();
  proxy.set({ kind: 'end', afterBytes: 10 * KiB, direction: 'down' });
  const socket = await dial();
  socket.on('error', () => undefined).end(bytes);
  expect(await buffer(socket)).toHaveLength(10 * KiB);
});

it('hangs, and goes on when all is well again', async () => {
  const { proxy, dial } = await echo();
  proxy.set({ kind: 'hang', afterBytes: 7 });
  const socket = await dial();
  socket.end(bytes);
  const got = buffer(socket);
  await proxy.happened();
  expect(proxy.passed('up')).toBe(7);
  proxy.set();
  expect((await got).equals(bytes)).toBe(true);
});

it('crawls', async () => {
  const { proxy, dial } = await echo();
  proxy.set({ kind: 'crawl', bytesPerSecond: 1000 });
  const socket = await dial();
  socket.end(bytes);
  await once(socket, 'data');
  expect(proxy.passed('up')).toBeLessThan(10 * KiB);
  socket.destroy();
});

it('turns one bit', async () => {
  const { proxy, dial } = await echo();
  proxy.set({ kind: 'corrupt', afterBytes: 1000 });
  const socket = await dial();
  socket.end(bytes);
  const got = await buffer(socket);
  expect(got[1000]).toBe(bytes[1000]! ^ 1);
  got[1000] = bytes[1000]!;
  expect(got.equals(bytes)).toBe(true);
});
