import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { startHost } from './server.ts';

/** An API server's stand-in: `/slow` sends one event and stays open, `/echo` is a WebSocket. */
async function startKube(): Promise<string> {
  const server = http.createServer((req, res) => {
    if (req.url === '/slow') {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: first\n\n');
      return;
    }
    res.writeHead(418, { 'content-type': 'application/json' });
    res.end(
      JSON.stringify({ url: req.url, method: req.method, token: req.headers['x-nkvm-token'] })
    );
  });
  const sockets = new WebSocketServer({ server, path: '/echo', handleProtocols: () => 'v5' });
  sockets.on('connection', socket => socket.on('message', text => socket.send(String(text))));
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    sockets.clients.forEach(client => client.terminate());
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(kubeUrl: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nkvm-host-'));
  await mkdir(join(folder, 'dist'));
  await writeFile(join(folder, 'index.html'), 'the page');
  await writeFile(join(folder, 'package.json'), '{"name":"probe"}');
  await writeFile(join(folder, 'dist/main.js'), 'the plugin');
  const host = await startHost({ staticDir: folder, pluginDir: folder, kubeUrl, port: 0 });
  onTestFinished(async () => {
    await host.close();
    await rm(folder, { recursive: true });
  });
  return host.url;
}

it('serves the page under every path, and the plugin', async () => {
  const url = await start('http://127.0.0.1:1');
  const text = (path: string) => fetch(url + path).then(answer => answer.text());
  expect(await text('/c/main/nkvm/volumes')).toBe('the page');
  expect(await text('/plugins/probe/main.js')).toBe('the plugin');
  expect(await (await fetch(`${url}/plugins`)).json()).toMatchObject([{ name: 'probe' }]);
});

it('serves no file outside of its folders', async () => {
  const url = new URL(await start('http://127.0.0.1:1'));
  const status = await new Promise(done =>
    http.get({ port: url.port, path: '/%2e%2e/%2e%2e/etc/passwd.txt' }, res => done(res.statusCode))
  );
  expect(status).toBe(404);
});

it('forwards a request of a cluster with method, query and headers', async () => {
  const url = await start(await startKube());
  const answer = await fetch(`${url}/clusters/main/api?limit=1`, {
    method: 'POST',
    headers: { 'X-NKVM-Token': 'secret' },
  });
  expect(answer.status).toBe(418);
  expect(await answer.json()).toEqual({ url: '/api?limit=1', method: 'POST', token: 'secret' });
});

it('passes on each event while the stream is still open', async () => {
  const url = await start(await startKube());
  const answer = await fetch(`${url}/clusters/main/slow`);
  const { value } = await answer.body!.getReader().read();
  expect(new TextDecoder().decode(value)).toBe('data: first\n\n');
});

it('forwards WebSockets with their subprotocol', async () => {
  const url = await start(await startKube());
  const socket = new WebSocket(`${url.replace('http', 'ws')}/clusters/main/echo`, ['v5', 'v4']);
  const heard = new Promise(done => socket.addEventListener('message', ({ data }) => done(data)));
  socket.addEventListener('open', () => socket.send('hello'));
  expect(await heard).toBe('hello');
  expect(socket.protocol).toBe('v5');
});

it.each([
  ['another origin', { origin: 'https://example.org' }],
  ['another host name', { host: 'example.org' }],
])('refuses the API server to a page of %s', async (_, headers) => {
  const { port } = new URL(await start(await startKube()));
  const status = await new Promise(done =>
    http.get({ port, path: '/clusters/main/api', headers }, res => done(res.statusCode))
  );
  expect(status).toBe(403);
});

it('says that the API server does not answer', async () => {
  const url = await start('http://127.0.0.1:1');
  const answer = await fetch(`${url}/clusters/main/api`);
  expect(answer.status).toBe(502);
  expect(await answer.json()).toMatchObject({
    message: expect.stringContaining('does not answer'),
  });
});
