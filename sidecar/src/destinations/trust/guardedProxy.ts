import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { connectAllowed } from './connect.ts';

export interface GuardedFor {
  stage: Stage;
  /** For people: what is connected to. */
  place: string;
  limitMs: number;
}

export interface GuardedProxy {
  /** `socks5://127.0.0.1:PORT`; names are resolved here, not in the program. */
  readonly url: string;
  /** @returns why a connection was refused by a rule; undefined: none was. */
  refusal(): StageError | undefined;
  close(): void;
}

const NO_AUTHENTICATION = Buffer.from([5, 0]);
const REPLY = { done: 0, failed: 1, notAllowed: 2, notSupported: 7 };
const CONNECT = 1;
const ADDRESS_BYTES: Record<number, number> = { 1: 4, 4: 16 };
const NAME = 3;

/**
 * A SOCKS 5 proxy (RFC 1928) on the loopback, for a program that resolves names and connects by itself. Such a program could
 * get another address than the one that was checked before it began, or follow a redirect to one that nobody has checked.
 * @param onRefused called when a connection was refused by a rule
 */
export async function guardedProxy(
  to: GuardedFor,
  onRefused: (error: StageError) => void = () => undefined
): Promise<GuardedProxy> {
  const sockets = new Set<Socket>();
  let refused: StageError | undefined;
  const refuse = (error: StageError): void => {
    refused ??= error;
    onRefused(error);
  };
  const listener = createServer({ allowHalfOpen: true }, client => {
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    client.on('error', () => undefined);
    void serve(client, to, refuse).catch(() => client.destroy());
  });
  listener.listen(0, '127.0.0.1').unref();
  await once(listener, 'listening');
  return {
    url: `socks5://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    refusal: () => refused,
    close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function serve(
  client: Socket,
  to: GuardedFor,
  refuse: (error: StageError) => void
): Promise<void> {
  const read = reader(client);
  const [, methods = 0] = await read(2);
  await read(methods);
  client.write(NO_AUTHENTICATION);
  const [, command, , kind = 0] = await read(4);
  const name = kind === NAME ? await read((await read(1))[0] ?? 0) : undefined;
  const address = await read(ADDRESS_BYTES[kind] ?? 0);
  const port = (await read(2)).readUInt16BE();
  const answer = (reply: number) => client.write(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
  if (command !== CONNECT) {
    answer(REPLY.notSupported);
    return void client.end();
  }
  const host = name ? name.toString('latin1') : addressText(address);
  let socket: Socket;
  try {
    socket = await connectAllowed({ ...to, host, port });
  } catch (error) {
    const isRule = error instanceof StageError && error.reason === 'AddressRefused';
    if (isRule) refuse(error);
    answer(isRule ? REPLY.notAllowed : REPLY.failed);
    return void client.end();
  }
  client.once('close', () => socket.destroy());
  answer(REPLY.done);
  await Promise.all([pipeline(client, socket), pipeline(socket, client)]);
}

/** @returns what reads that many bytes, no more. @throws Error when the client ends before */
function reader(client: Socket): (bytes: number) => Promise<Buffer> {
  return async bytes => {
    if (bytes === 0) return Buffer.alloc(0);
    for (;;) {
      const found = client.read(bytes) as Buffer | null;
      if (found?.length === bytes) return found;
      if (client.readableEnded || client.destroyed) throw new Error('the client has ended');
      await somethingNew(client);
    }
  };
}

async function somethingNew(client: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ['readable', 'end', 'close'];
  for (const event of events) client.once(event, resolve);
  await promise;
  for (const event of events) client.off(event, resolve);
}

const addressText = (bytes: Buffer): string =>
  bytes.length === 4
    ? [...bytes].join('.')
    : Array.from({ length: bytes.length / 2 }, (_, at) =>
        bytes.readUInt16BE(2 * at).toString(16)
      ).join(':');
