import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** `up`: from the client to the server. */
export type Direction = 'up' | 'down';

/**
 * What happens to bytes in one direction. Bytes are counted over all connections, from the call that set the fault.
 *
 * - `reset`: when so many have passed, every connection is reset, and so is each new one
 * - `end`: when so many have passed, every connection ends as if its sender had sent everything
 * - `hang`: when so many have passed, no more bytes pass, and connections stay open
 * - `crawl`: so many pass each second
 * - `corrupt`: one bit of the byte at that place is changed
 */
export type Fault =
  | { kind: 'reset' | 'end' | 'hang' | 'corrupt'; direction?: Direction; afterBytes: number }
  | { kind: 'crawl'; direction?: Direction; bytesPerSecond: number };

export interface FaultyProxy {
  readonly host: string;
  readonly port: number;
  /** @returns how many connections clients have made. */
  connections(): number;
  /** @returns bytes that were passed on in this direction since the proxy started. */
  passed(direction: Direction): number;
  /** Sets the fault from now on, also on open connections; without one, everything passes again. Default direction: `up`. */
  set(fault?: Fault): void;
  /** Resolves when the fault has happened for the first time (not for `crawl`). */
  happened(): Promise<void>;
  /** Resets all open connections; new ones work. */
  resetAll(): void;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** Where the server is. */
  to: { host?: string; port: number };
  /** Where clients connect. Default: a free port of 127.0.0.1. */
  listen?: { host?: string; port?: number };
}

/** A network that goes wrong on demand: a TCP proxy on loopback in front of a server. */
export async function startFaultyProxy({ to, listen = {} }: ProxyOptions): Promise<FaultyProxy> {
  const sockets = new Set<Socket>();
  const passed = { up: 0, down: 0 };
  let connections = 0;
  let fault: Fault | undefined;
  let since = 0;
  let changed = Promise.withResolvers<void>();
  let happened = Promise.withResolvers<void>();

  const resetAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  /** Passes on what is still allowed of a chunk. @returns false when the stream is at its end. */
  async function pass(chunk: Buffer, target: Socket, direction: Direction): Promise<boolean> {
    const now = fault;
    if (!now || (now.direction ?? 'up') !== direction) return await write(chunk, target, direction);
    if (now.kind === 'crawl') {
      const piece = Math.max(1, Math.ceil(now.bytesPerSecond / 50));
      if (!(await write(chunk.subarray(0, piece), target, direction))) return false;
      await Promise.race([pause((piece / now.bytesPerSecond) * 1000), changed.promise]);
      const rest = chunk.subarray(piece);
      return rest.length === 0 || (await pass(rest, target, direction));
    }
    const left = now.afterBytes - (passed[direction] - since);
    if (chunk.length <= left) return await write(chunk, target, direction);
    if (now.kind === 'corrupt') {
      if (left < 0) return await write(chunk, target, direction);
      const broken = Buffer.from(chunk);
      broken[left]! ^= 1;
      happened.resolve();
      return await write(broken, target, direction);
    }
    if (left > 0 && !(await write(chunk.subarray(0, left), target, direction))) return false;
    happened.resolve();
    if (now.kind === 'reset') resetAll();
    if (now.kind !== 'hang') return false;
    await Promise.race([changed.promise, once(target, 'close')]);
    return !target.destroyed && (await pass(chunk.subarray(Math.max(0, left)), target, direction));
  }

  async function write(chunk: Buffer, target: Socket, direction: Direction): Promise<boolean> {
    if (target.destroyed) return false;
    passed[direction] += chunk.length;
    if (!target.write(chunk)) await Promise.race([once(target, 'drain'), once(target, 'close')]);
    return !target.destroyed;
  }

  async function carry(from: Socket, target: Socket, direction: Direction): Promise<void> {
    try {
      for await (const chunk of from) if (!(await pass(chunk, target, direction))) break;
      target.end();
    } catch {
      target.resetAndDestroy(); // the other end has broken off
    }
  }

  const server = createServer({ allowHalfOpen: true }, client => {
    connections += 1;
    const upstream = connect({ host: to.host ?? '127.0.0.1', port: to.port, allowHalfOpen: true });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.once('close', () => sockets.delete(socket));
    }
    void carry(client, upstream, 'up');
    void carry(upstream, client, 'down');
  });
  server.listen(listen.port ?? 0, listen.host ?? '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as { address: string; port: number };

  return {
    host: address.address,
    port: address.port,
    connections: () => connections,
    passed: direction => passed[direction],
    set(next) {
      fault = next;
      since = next ? passed[next.direction ?? 'up'] : 0;
      happened = Promise.withResolvers();
      const before = changed;
      changed = Promise.withResolvers();
      before.resolve();
    },
    happened: () => happened.promise,
    resetAll,
    async stop() {
      changed.resolve();
      const closed = new Promise(resolve => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
