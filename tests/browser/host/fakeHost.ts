import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import type { HostedCluster } from './config.ts';
import type { HostOptions } from './server.ts';
import { startHost } from './server.ts';

/** The page of the host, without a front end. */
export const PAGE = `<script>headlampBaseUrl = '/'</script><script src="./assets/index.js">`;

export interface Asked {
  method?: string;
  url?: string;
  headers: http.IncomingHttpHeaders;
}

export interface FakeKube {
  kubeUrl: string;
  /** Every request so far, except questions about rights. */
  asked: Asked[];
  /** Sends text to everybody who has opened `/api/v1/stream`. */
  push(text: string): void;
}

/** A fake API server: it answers with the request that it got, and with the number of requests so far. */
async function startFakeKube(): Promise<FakeKube> {
  const asked: Asked[] = [];
  const streams = new Set<http.ServerResponse>();
  const server = http.createServer((req, res) => {
    const { method, url, headers } = req;
    const send = (status: number, body: object) => {
      res.writeHead(status, { 'content-type': 'application/json' });
      res.end(JSON.stringify(body));
    };
    req.resume();
    if (url?.endsWith('/selfsubjectaccessreviews')) {
      return send(201, { status: { allowed: headers.authorization !== 'Bearer nobody' } });
    }
    asked.push({ method, url, headers });
    switch (url) {
      case '/api/v1/stream':
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        res.flushHeaders();
        return void streams.add(res);
      case '/api/v1/fail':
        return send(500, {});
      case '/api/v1/refuse':
        return send(403, { status: 'Failure' });
      default:
        send(200, { url, method, token: headers['x-nkvm-token'], count: asked.length });
    }
  });
  const sockets = new WebSocketServer({ server, path: '/echo', handleProtocols: () => 'v5' });
  sockets.on('connection', socket => socket.on('message', text => socket.send(String(text))));
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    sockets.clients.forEach(client => client.terminate());
    server.closeAllConnections();
    server.close();
  });
  return {
    kubeUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    push: text => streams.forEach(stream => stream.write(text)),
  };
}

interface FakeHostOptions extends Partial<Omit<HostOptions, 'clusters'>> {
  clusters?: Omit<HostedCluster, 'kubeUrl'>[];
  /** A different server than the fake. */
  kubeUrl?: string;
  now?: () => number;
}

/** The host with a page of a line and a plugin of a line, before a fake API server. */
export async function startFakeHost(
  options: FakeHostOptions = {}
): Promise<FakeKube & { url: string }> {
  const { clusters = [{ name: 'main' }], now, ...rest } = options;
  const kube = await startFakeKube();
  const kubeUrl = options.kubeUrl ?? kube.kubeUrl;
  const folder = await mkdtemp(join(tmpdir(), 'nkvm-host-'));
  await mkdir(join(folder, 'dist'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), PAGE);
  await writeFile(join(folder, 'assets/index.js'), 'the front end');
  await writeFile(join(folder, 'package.json'), '{"name":"probe"}');
  await writeFile(join(folder, 'dist/main.js'), 'the plugin');
  const host = await startHost(
    {
      staticDir: folder,
      pluginDir: folder,
      port: 0,
      ...rest,
      clusters: clusters.map(each => ({ ...each, kubeUrl })),
    },
    now
  );
  onTestFinished(async () => {
    await host.close();
    await rm(folder, { recursive: true });
  });
  return { ...kube, url: host.url };
}
