import { EventEmitter } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { connectionPlaces } from './connections.ts';
import { createListener } from './listener.ts';

const from = (remoteAddress: string) => Object.assign(new EventEmitter(), { remoteAddress });

it('leaves room for others where one address has too many connections', () => {
  const hasRoom = connectionPlaces({ eachPeer: 2, total: 3 });
  const [first, second] = [from('a'), from('a')];
  expect([first, second].map(hasRoom as never)).toEqual([true, true]);
  expect(hasRoom(from('a') as never)).toBe(false);
  expect(hasRoom(from('b') as never)).toBe(true);
  expect(hasRoom(from('c') as never)).toBe(false);
  first.emit('close');
  expect(hasRoom(from('a') as never)).toBe(true);
});

it('answers a connection that there is no room for', async () => {
  const server = createListener((_, response) => void response.end('ok'), { hasRoom: () => false });
  onTestFinished(() => void server.close());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  expect(answer).toMatch(/retry-after: \d/i);
  expect(answer).toContain('TooManyConnections');
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
});
