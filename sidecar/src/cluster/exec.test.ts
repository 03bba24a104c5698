import { KubeConfig } from '@kubernetes/client-node';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { ExecBroken, execInPod, execToEnd, exitCodeOf } from './exec.ts';
import { type Gateway, gatewayOf } from './gateway.ts';

const target = { namespace: 'shop', pod: 'orders-0', container: 'main' };
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach(close => close()));

interface Api {
  gateway: Gateway;
  /** Path and query of the last request. */
  asked(): string;
}

/** An API server that speaks the remotecommand protocol as `serve` tells it, or refuses with `refusal`. */
async function apiServer(
  serve: (socket: WebSocket) => void,
  refusal?: { status: number; body: string }
): Promise<Api> {
  let url = '';
  const http = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: offered => [...offered][0] ?? false,
  });
  http.on('upgrade', (request, socket, head) => {
    url = request.url ?? '';
    if (refusal) {
      socket.end(
        `HTTP/1.1 ${refusal.status} No\r\nContent-Length: ${refusal.body.length}\r\n\r\n${refusal.body}`
      );
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
      // A peer that is gone without a word reads nothing and answers no ping.
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
    await expect(execInPod(gateway, target, ['cat'], { handshakeMs: 300 })).rejects.toMatchObject({
      class: 'transient',
      message: expect.stringMatching(/could not begin: the API server .* cannot be reached/),
    });
  });

  it('breaks off when it is told to', async () => {
    const { gateway } = await apiServer(() => undefined);
    const running = await execInPod(gateway, target, ['cat']);
    running.abort();
    await expect(buffer(running.stdout)).rejects.toThrow(/closed by NKVM/);
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
