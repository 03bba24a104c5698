import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, it, vi } from 'vitest';
import { portOf, testListener } from '../../testing/helper/pushWorld.ts';
import type { PushListener } from './listener.ts';

/** Asks as an unknown client. @returns the status, or the code of the error. */
const ask = (listener: PushListener, headers: Record<string, string>): Promise<number | string> =>
  new Promise(resolve => {
    const asked = request(
      {
        ...{ host: '127.0.0.1', port: portOf(listener), path: '/archive', method: 'POST', headers },
        agent: new Agent({ rejectUnauthorized: false }),
      },
      response => resolve(response.statusCode ?? 0)
    );
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end('bytes');
  });

it('refuses everybody who has no token', async () => {
  const onRefused = vi.fn();
  const warn = vi.fn();
  const listener = await testListener({ onRefused, log: { warn } });
  expect(await ask(listener, {})).toBe(401);
  expect(await ask(listener, { authorization: 'Bearer no' })).toBe(401);
  expect(await ask(listener, { authorization: `Basic ${'A'.repeat(43)}` })).toBe(401);
  expect(onRefused.mock.calls).toEqual([[401], [401], [401]]);
  expect(warn).not.toHaveBeenCalled(); // anybody in the cluster could fill the log
});

it('refuses headers that are too long', async () => {
  const listener = await testListener();
  expect(await ask(listener, { 'x-long': 'x'.repeat(10_000) })).toBe(431);
});

it.each<[string, (port: number) => NodeJS.ReadWriteStream]>([
  ['says nothing', port => connect(port, '127.0.0.1')],
  [
    'sends half of a request',
    port => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
      socket.write('POST /archive HTTP/1.1\r\nHost: a\r\n');
      return socket;
    },
  ],
])('closes a connection that %s', async (_, open) => {
  const listener = await testListener({ headersMs: 200 });
  const socket = open(portOf(listener));
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  await new Promise(resolve => socket.once('close', resolve));
});

it('does not speak an older TLS', async () => {
  const listener = await testListener();
  const socket = connectTls({
    ...{ port: portOf(listener), host: '127.0.0.1', rejectUnauthorized: false },
    maxVersion: 'TLSv1.2',
  });
  const code = await new Promise(resolve =>
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  );
  expect(code).toMatch(/PROTOCOL_VERSION|ECONNRESET/);
});

it('writes an IPv6 address in brackets', async () => {
  expect((await testListener({ address: 'fd00::1' })).where).toMatch(/^\[fd00::1\]:\d+$/);
});
