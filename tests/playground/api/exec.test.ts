import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { connectExec } from './exec.ts';

it('reads on after an input that ended while the command was slow, so that the client can close', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = (await once(server, 'connection')) as [WebSocket];
  onTestFinished(() => socket.terminate());
  const stdin = new PassThrough({ highWaterMark: 1 });
  const stderr = new PassThrough();
  const end = Promise.withResolvers<{ exitCode: number }>();
  const connected = connectExec(socket, {
    words: ['cat'],
    command: { stdin, stdout: new PassThrough().end(), stderr, end: end.promise },
    streams: { stdin: true, stdout: true, stderr: true },
  });
  const ended = once(stdin, 'prefinish');
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
  const wire = (client as unknown as { _socket: Socket })._socket;
  wire.cork(); // both arrive at once
  client.send(Buffer.from('\0abc'));
  client.send(Buffer.of(255, 0));
  wire.uncork();
  await once(socket, 'message');
  stdin.resume();
  await ended;
  stderr.end();
  end.resolve({ exitCode: 0 });
  await connected;
  expect(socket.isPaused).toBe(false);
});
