import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { ExecBroken, execInPod, execToEnd, execWithInput, exitCodeOf } from './exec.ts';
import { type Gateway, gatewayOf } from './gateway.ts';
import { CLOSE_MS } from './handshake.ts';

const target = { namespace: 'shop', pod: 'orders-0', container: 'main' };
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach(close => close()));

interface Refusal {
  status: number;
  body: string;
}

interface Api {
  gateway: Gateway;
  /** Path and query of the last request. */
  asked(): string;
}

/** An API server that speaks the remotecommand protocol as `serve` tells it, or refuses with `refusal`. */
async function apiServer(
  serve: (socket: WebSocket) => void,
  refusal?: Refusal | (() => Refusal | undefined),
  protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
): Promise<Api> {
  let url = '';
  const http = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: offered => protocols.find(each => offered.has(each)) ?? false,
  });
  http.on('upgrade', (request, socket, head) => {
    url = request.url ?? '';
    const refused = typeof refusal === 'function' ? refusal() : refusal;
    if (refused) {
      const { status, body } = refused;
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    } else sockets.handleUpgrade(request, socket, head, serve);
  });
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    sockets.clients.forEach(client => client.terminate());
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'test' }
  );
  const gateway = gatewayOf(kubeConfig);
  closers.push(() => gateway.stop());
  return { gateway, asked: () => url };
}

const frame = (channel: number, payload: string | Buffer): Buffer =>
  Buffer.concat([Buffer.of(channel), Buffer.from(payload)]);
function* pieces(total: number): Generator<Buffer> {
  for (let bytes = 0; bytes < total; bytes += 64 * 1024) yield Buffer.alloc(64 * 1024, 'x');
}
const success = frame(3, '{"status":"Success"}');
const failure = (code: number) =>
  frame(
    3,
    JSON.stringify({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
    })
  );

describe('execInPod', () => {
  it('hands on the output and the exit code', async () => {
    const { gateway, asked } = await apiServer(socket => {
      socket.send(frame(1, 'hello '));
      socket.send(frame(2, 'a warning'));
      socket.send(frame(1, 'world'));
      socket.send(success);
      socket.close();
    });
    const heard: string[] = [];
    const running = await execInPod(gateway, target, ['sh', '-c', 'echo "a & b"'], {
      onStderr: part => heard.push(part),
    });
    expect(await text(running.stdout)).toBe('hello world');
    expect(heard).toEqual(['a warning']);
    expect(await running.exit).toBe(0);
    expect(running.stderrTail()).toBe('a warning');
    const url = new URL(asked(), 'http://x');
    expect(url.pathname).toBe('/api/v1/namespaces/shop/pods/orders-0/exec');
    expect(url.searchParams.getAll('command')).toEqual(['sh', '-c', 'echo "a & b"']);
  });

  it('ends the output of a command that failed, and tells its exit code', async () => {
    const { gateway } = await apiServer(socket => {
      socket.send(frame(1, 'part'));
      socket.send(failure(2));
      socket.close();
    });
    const running = await execInPod(gateway, target, ['false']);
    expect(await text(running.stdout)).toBe('part');
    expect(await running.exit).toBe(2);
  });

  it.each<[string, (socket: WebSocket) => void]>([
    ['was closed in an orderly way', socket => socket.close(1000)],
    ['was cut', socket => socket.terminate()],
    ['brought a status that nobody can read', socket => socket.send(frame(3, '{{'))],
  ])('takes a connection that %s without an exit status as broken', async (_, end) => {
    const { gateway } = await apiServer(socket => {
      socket.send(frame(1, 'part'));
      setImmediate(() => end(socket));
    });
    const running = await execInPod(gateway, target, ['cat']);
    await expect(buffer(running.stdout)).rejects.toThrow(ExecBroken);
    await expect(running.exit).rejects.toThrow(ExecBroken);
  });

  it('takes a connection that has gone silent as broken', async () => {
    const { gateway } = await apiServer(socket => {
      // A peer that is gone without a message reads nothing and answers no ping.
      (socket as unknown as { _socket: { pause(): void } })._socket.pause();
    });
    const running = await execInPod(gateway, target, ['cat'], { silenceMs: 200 });
    await expect(buffer(running.stdout)).rejects.toThrow(/silent for 0.2 s/);
  });

  it('keeps a quiet connection whose other end answers pings', async () => {
    const { gateway } = await apiServer(socket => {
      setTimeout(() => {
        socket.send(frame(1, 'late'));
        socket.send(success);
        socket.close();
      }, 600);
    });
    const running = await execInPod(gateway, target, ['cat'], { silenceMs: 200 });
    expect(await text(running.stdout)).toBe('late');
  });

  it('pings a connection that brings nothing, and no other', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const there = Promise.withResolvers<WebSocket>();
    const { gateway } = await apiServer(socket => there.resolve(socket));
    const running = await execInPod(gateway, target, ['cat'], { silenceMs: 8_000 });
    const server = await there.promise;
    let pings = 0;
    const pinged = new Promise<void>(done => server.on('ping', () => done(void pings++)));
    for (const piece of ['a', 'b', 'c']) {
      server.send(frame(1, piece));
      await once(running.stdout, 'readable');
      expect(String(running.stdout.read())).toBe(piece);
      vi.advanceTimersByTime(1_000);
    }
    vi.advanceTimersByTime(1_000);
    await pinged;
    running.abort();
    await once(server, 'close');
    expect(pings).toBe(1);
  });

  it('keeps a connection after this process stood still for longer than the limit', async () => {
    const { gateway } = await apiServer(socket => {
      setTimeout(() => {
        socket.send(frame(1, 'late'));
        socket.send(success);
        socket.close();
      }, 900);
    });
    const running = await execInPod(gateway, target, ['cat'], { silenceMs: 200 });
    const asleep = new Int32Array(new SharedArrayBuffer(4));
    setTimeout(() => Atomics.wait(asleep, 0, 0, 500), 100);
    expect(await text(running.stdout)).toBe('late');
  });

  it('slows the sender down to the speed of the reader', async () => {
    const chunk = frame(1, Buffer.alloc(64 * 1024));
    const total = 200 * 1024 * 1024;
    let sent = 0;
    const { gateway } = await apiServer(socket => {
      const send = (): void => {
        if (sent >= total) return;
        sent += chunk.length - 1;
        socket.send(chunk, send);
      };
      send();
    });
    const running = await execInPod(gateway, target, ['cat']);
    let before = -1;
    while (before !== sent) {
      before = sent;
      await sleep(300); // until nothing moves any more
    }
    expect(sent).toBeLessThan(total / 4);
    let read = 0;
    for await (const piece of running.stdout as AsyncIterable<Buffer>) {
      read += piece.length;
      if (read >= total) break;
    }
    expect(read).toBe(total);
  });

  it('tells why the API server refused, with its status', async () => {
    const body = JSON.stringify({ kind: 'Status', message: 'pods "orders-0" not found' });
    const { gateway } = await apiServer(() => undefined, { status: 404, body });
    await expect(execInPod(gateway, target, ['cat'])).rejects.toMatchObject({
      name: 'ApiFailure',
      kind: 'notFound',
      status: 404,
      message: 'exec into pod shop/orders-0 was refused: pods "orders-0" not found',
    });
  });

  it('tells that nobody listens', async () => {
    const { gateway } = await apiServer(() => undefined);
    closers.splice(0).forEach(close => close());
    await expect(execInPod(gateway, target, ['cat'], { handshakeMs: 2_000 })).rejects.toMatchObject(
      {
        class: 'transient',
        message: expect.stringMatching(/could not start: the API server .* cannot be reached/),
      }
    );
  });

  it('breaks off when it is told to', async () => {
    const { gateway } = await apiServer(() => undefined);
    const running = await execInPod(gateway, target, ['cat']);
    running.abort();
    await expect(buffer(running.stdout)).rejects.toThrow(/closed by NKVM/);
  });
});

/** Reads what a client feeds, at the speed that `reading` allows, and answers as `end` says. */
function reader(
  end: (socket: WebSocket, bytes: number) => void,
  reading: (socket: WebSocket, bytes: number) => void = () => undefined
) {
  return (socket: WebSocket): void => {
    let bytes = 0;
    socket.on('message', (data: Buffer) => {
      if (data[0] === 0) bytes += data.length - 1;
      if (data[0] === 255 && data[1] === 0) end(socket, bytes);
      else reading(socket, bytes);
    });
  };
}
const finish = (socket: WebSocket, bytes: number): void => {
  socket.send(frame(1, `${bytes}`));
  socket.send(success);
  socket.close();
};
const MIB = 1024 * 1024;

describe('execWithInput', () => {
  it('feeds a command to the end of its input, in the newest protocol alone', async () => {
    const { gateway, asked } = await apiServer(reader(finish));
    const running = await execWithInput(gateway, target, ['tar', '-x']);
    await pipeline(Readable.from([Buffer.alloc(3 * MIB), Buffer.alloc(5)]), running.stdin);
    expect(await text(running.stdout)).toBe(`${3 * MIB + 5}`);
    expect(await running.exit).toBe(0);
    expect(running.bytesSent()).toBe(3 * MIB + 5);
    expect(new URL(asked(), 'http://x').searchParams.get('stdin')).toBe('true');
  });

  it('feeds an empty input', async () => {
    const { gateway } = await apiServer(reader(finish));
    const running = await execWithInput(gateway, target, ['cat']);
    running.stdin.end();
    expect(await text(running.stdout)).toBe('0');
  });

  it('slows the writer down to the speed of the command', async () => {
    let resume = (): void => undefined;
    const { gateway } = await apiServer(
      reader(finish, socket => {
        socket.pause();
        resume = () => socket.resume();
      })
    );
    const running = await execWithInput(gateway, target, ['cat']);
    const total = 200 * MIB;
    const feeding = pipeline(Readable.from(pieces(total), { objectMode: false }), running.stdin);
    let before = -1;
    while (before !== running.bytesSent()) {
      before = running.bytesSent();
      await sleep(300);
    }
    expect(running.bytesSent()).toBeLessThan(total / 4);
    const resuming = setInterval(() => resume(), 1);
    closers.push(() => clearInterval(resuming));
    await feeding;
    expect(await text(running.stdout)).toBe(`${total}`);
  }, 30_000);

  it('does not wait for a server that has said its last and leaves the connection open', async () => {
    const { gateway } = await apiServer(
      reader((socket, bytes) => {
        finish(socket, bytes);
        socket.pause(); // it does not read that the client has closed its side
      })
    );
    const running = await execWithInput(gateway, target, ['cat']);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    running.stdin.end('abc');
    running.stdout.resume();
    await vi.waitUntil(() => vi.getTimerCount() === 2); // of both sides
    vi.advanceTimersByTime(CLOSE_MS);
    expect(await running.exit).toBe(0);
  });

  it('breaks when the command ends well before it has read its input', async () => {
    const { gateway } = await apiServer(
      reader(finish, (socket, bytes) => {
        if (bytes < 131_072) return;
        finish(socket, bytes);
        socket.pause(); // as a server does whose command takes no more
      })
    );
    const running = await execWithInput(gateway, target, ['head', '-c', '131072']);
    const feeding = pipeline(Readable.from(pieces(8 * MIB), { objectMode: false }), running.stdin);
    await expect(feeding).rejects.toThrow(ExecBroken);
    await expect(feeding).rejects.toThrow(
      /ended with exit code 0 before its input was complete \(\d+ bytes were sent\)/
    );
    expect(await running.exit).toBe(0); // which alone would look like a success
  });

  it('breaks when the connection does', async () => {
    const { gateway } = await apiServer(
      reader(finish, (socket, bytes) => bytes >= MIB && socket.terminate())
    );
    const running = await execWithInput(gateway, target, ['cat']);
    const feeding = pipeline(Readable.from(pieces(64 * MIB), { objectMode: false }), running.stdin);
    await expect(feeding).rejects.toThrow(ExecBroken);
    await expect(running.exit).rejects.toThrow(ExecBroken);
  });

  it('keeps a connection whose command reads slowly, although no ping is answered', async () => {
    const { gateway } = await apiServer(
      reader(finish, socket => {
        socket.pause(); // pings wait behind the data
        setTimeout(() => socket.resume(), 150);
      })
    );
    const running = await execWithInput(gateway, target, ['cat'], {
      silenceMs: 100,
      stallMs: 5_000,
    });
    await pipeline(Readable.from([Buffer.alloc(MIB / 2)], { objectMode: false }), running.stdin);
    expect(await text(running.stdout)).toBe(`${MIB / 2}`);
  });

  it('gives up a connection that takes nothing for very long', async () => {
    const { gateway } = await apiServer(reader(finish, socket => socket.pause()));
    const running = await execWithInput(gateway, target, ['cat'], { silenceMs: 100, stallMs: 400 });
    const feeding = pipeline(Readable.from(pieces(64 * MIB), { objectMode: false }), running.stdin);
    await expect(feeding).rejects.toThrow(/silent for 0.4 s before its input was complete/);
    await expect(running.exit).rejects.toThrow(ExecBroken);
  });

  it('says that an old API server cannot be told the end of the input', async () => {
    const { gateway } = await apiServer(() => undefined, undefined, ['v4.channel.k8s.io']);
    await expect(execWithInput(gateway, target, ['cat'])).rejects.toMatchObject({
      class: 'needs-action',
      message: expect.stringMatching(/does not support v5.channel.k8s.io/),
    });
    expect(gateway.availability.isAway()).toBe(false);
  });
});

describe('a handshake', () => {
  it.each<[string, number, object | string, string, string]>([
    [
      'a missing right',
      403,
      {
        kind: 'Status',
        message:
          'pods "orders-0" is forbidden: User "u" cannot create resource "pods/exec" in API group "" in the namespace "shop"',
      },
      'refused',
      'needs-action',
    ],
    [
      'an API server that stops',
      503,
      { kind: 'Status', message: 'apiserver is shutting down' },
      'busy',
      'transient',
    ],
    ['a load balancer without a backend', 502, '<html>', 'unreachable', 'transient'],
    [
      'a kubelet that is away',
      500,
      {
        status: 'Failure',
        message: 'error dialing backend: dial tcp 10.0.0.5:10250: connect: connection refused',
      },
      'unreachable',
      'transient',
    ],
    [
      'a container that has ended',
      500,
      'unable to upgrade connection: container not found ("main")',
      'notFound',
      'transient',
    ],
  ])('that meets %s is classified', async (_, status, answer, kind, failureClass) => {
    const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
    const { gateway } = await apiServer(() => undefined, { status, body });
    await expect(execInPod(gateway, target, ['cat'], { handshakeMs: 2_000 })).rejects.toMatchObject(
      {
        name: 'ApiFailure',
        kind,
        class: failureClass,
        status,
      }
    );
  });

  it('is repeated while the API server restarts', async () => {
    const refusal = { status: 503, body: '{"kind":"Status","message":"not yet"}' };
    const { gateway } = await apiServer(
      socket => {
        socket.send(frame(1, 'at last'));
        socket.send(success);
        socket.close();
      },
      () => (performance.now() - began < 500 ? refusal : undefined)
    );
    const began = performance.now();
    const running = await execInPod(gateway, target, ['cat']);
    expect(await text(running.stdout)).toBe('at last');
  });

  it('ends with its caller', async () => {
    const stop = new AbortController();
    const { gateway } = await apiServer(() => undefined, { status: 503, body: '' });
    setTimeout(() => stop.abort(new Error('cancelled')), 100);
    await expect(execInPod(gateway, target, ['cat'], { signal: stop.signal })).rejects.toThrow(
      'cancelled'
    );
  });
});

describe('execToEnd', () => {
  it('ends a command that nobody listens to any more when its pod goes', async () => {
    const gone = Promise.withResolvers<void>();
    const { gateway } = await apiServer(socket => {
      socket.send(frame(1, 'some bytes'));
      gone.promise.then(() => socket.send(frame(3, '{"status":"Failure"}')));
    });
    const running = await execInPod(gateway, target, ['tar']);
    const closed = new Promise(resolve => running.stdout.once('close', resolve));
    gone.resolve();
    await closed; // and no error that would end the process
    await expect(running.exit).rejects.toThrow(ExecBroken);
  });

  it('gives up a command that never ends', async () => {
    const { gateway } = await apiServer(() => undefined);
    await expect(execToEnd(gateway, target, ['cat'], { timeoutMs: 50 })).rejects.toThrow(
      ExecBroken
    );
  });

  it('refuses more output than it was told to expect', async () => {
    const { gateway } = await apiServer(socket => socket.send(frame(1, 'too much')));
    await expect(
      execToEnd(gateway, target, ['cat'], { timeoutMs: 5000, limitBytes: 3 })
    ).rejects.toThrow(/more than 3 bytes/);
  });
});

describe('exitCodeOf', () => {
  it.each<[string, number | undefined]>([
    ['{"status":"Success"}', 0],
    [failure(137).subarray(1).toString(), 137],
    ['{"status":"Failure","reason":"InternalError","message":"runtime failed"}', undefined],
    ['{"status":"Failure","reason":"NonZeroExitCode","details":{}}', undefined],
    ['', undefined],
  ])('%s is %s', (text, code) => {
    expect(exitCodeOf(text)).toBe(code);
  });
});
