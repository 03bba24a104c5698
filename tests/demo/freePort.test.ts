import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { onFreePort } from './freePort.ts';

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

it('takes the next port where one is taken', async () => {
  const taken = (await listen(0)).address() as AddressInfo;
  const server = await onFreePort(taken.port, listen);
  expect((server.address() as AddressInfo).port).toBeGreaterThan(taken.port);
});

it.each<[string, number, string, RegExp, number]>([
  ['all are taken', 4466, 'EADDRINUSE', /^the ports 4466 to 4486 are taken: .* --port$/, 21],
  ['they end', 65530, 'EADDRINUSE', /^the ports 65530 to 65535 are taken/, 6],
  ['it may not be used', 80, 'EACCES', /^port 80 may not be used: name another one/, 1],
  ['of anything else', 80, 'EMFILE', /^EMFILE$/, 1],
])('gives up when %s', async (_, first, code, message, tries) => {
  const tried: number[] = [];
  const open = async (port: number): Promise<never> => {
    tried.push(port);
    throw Object.assign(new Error(code), { code });
  };
  await expect(onFreePort(first, open)).rejects.toThrow(message);
  expect(tried).toHaveLength(tries);
});
