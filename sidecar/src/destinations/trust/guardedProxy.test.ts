import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { StageError } from '../../errors.ts';
import { guardedProxy } from './guardedProxy.ts';

async function listening(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function proxied() {
  const refused: StageError[] = [];
  const at = { stage: 'copy', place: 'offsite', limitMs: 5_000 } as const;
  const proxy = await guardedProxy(at, error => refused.push(error));
  onTestFinished(() => proxy.close());
  return { proxy, refused };
}

/** Speaks SOCKS 5, byte by byte. @returns the code of the answer, and what came after it */
async function ask(url: string, address: Buffer, port: number, sent = '') {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const bytes = Buffer.concat([
    Buffer.from([5, 1, 0, 5, 1, 0]),
    address,
    Buffer.from([port >> 8, port & 255]),
  ]);
  for (const byte of bytes) socket.write(Buffer.from([byte]));
  socket.end(sent);
  const all = Buffer.concat(await socket.toArray());
  expect([...all.subarray(0, 2)]).toEqual([5, 0]);
  return { code: all[3], text: all.subarray(12).toString() };
}
const named = (name: string) => Buffer.from([3, name.length, ...Buffer.from(name)]);
const ipv4 = (address: string) => Buffer.from([1, ...address.split('.').map(Number)]);

it('carries bytes to a server, in both directions', async () => {
  const port = await listening(
    createServer({ allowHalfOpen: true }, socket => socket.pipe(socket))
  );
  const { proxy, refused } = await proxied();
  const answer = await ask(proxy.url, named('localhost'), port, 'ping');
  expect(answer).toEqual({ code: 0, text: 'ping' });
  expect(refused).toEqual([]);
});

it.each<[string, Buffer]>([
  ['cloud metadata, where a redirect leads', ipv4('169.254.169.254')],
  ['a name that is cloud metadata by now', named('0xA9FEA9FE')],
  ['cloud metadata in IPv6', Buffer.from(`04fd000ec2${'0'.repeat(20)}0254`, 'hex')],
])('makes no connection to %s', async (_, address) => {
  const { proxy, refused } = await proxied();
  expect(await ask(proxy.url, address, 80)).toEqual({ code: 2, text: '' });
  expect(refused).toMatchObject([{ reason: 'AddressRefused', stage: 'copy' }]);
  expect(proxy.refusal()).toBe(refused[0]);
});

it('says that nothing listens there, which is not a refusal', async () => {
  const server = createServer();
  const port = await listening(server);
  await new Promise(resolve => server.close(resolve));
  const { proxy, refused } = await proxied();
  expect((await ask(proxy.url, named('localhost'), port)).code).toBe(1);
  expect(refused).toEqual([]);
});
