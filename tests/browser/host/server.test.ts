import http from 'node:http';
import { expect, it } from 'vitest';
import { PAGE, startFakeHost } from './fakeHost.ts';

it('serves the page under every path, and the plugin', async () => {
  const { url } = await startFakeHost();
  const text = (path: string) => fetch(url + path).then(answer => answer.text());
  expect(await text('/c/main/nkvm/volumes')).toBe(PAGE.replace('"./', '"/'));
  expect(await text('/c/main/nkvm/volumes/shop/orders.db')).toContain('<script');
  expect(await text('/plugins/probe/main.js')).toBe('the plugin');
  expect(await (await fetch(`${url}/plugins`)).json()).toMatchObject([{ name: 'probe' }]);
});

it('serves all of it below a base URL, and nothing beside it', async () => {
  const { url } = await startFakeHost({ baseUrl: '/headlamp' });
  expect(url).toMatch(/\/headlamp$/);
  const text = (path: string) => fetch(url + path).then(answer => answer.text());
  expect(await text('/c/main/nkvm/volumes')).toBe(
    `<script>headlampBaseUrl = '/headlamp'</script><script src="/headlamp/assets/index.js">`
  );
  expect(await text('/assets/index.js')).toBe('the front end');
  expect(JSON.parse(await text('/clusters/main/api?limit=1'))).toMatchObject({
    url: '/api?limit=1',
  });
  for (const path of ['/config', '/headlampx/config']) {
    expect((await fetch(new URL(path, url))).status).toBe(404);
  }
});

it('says of a cluster what headlamp-server says', async () => {
  const clusters = [{ name: 'main' }, { name: 'east', namespace: 'shop' }];
  const { url } = await startFakeHost({ clusters });
  const config = (await (await fetch(`${url}/config`)).json()) as {
    clusters: { meta_data: { namespace: string } }[];
  };
  expect(config.clusters.map(({ meta_data }) => meta_data.namespace)).toEqual(['', 'shop']);
});

it('serves no file outside of its folders', async () => {
  const url = new URL((await startFakeHost()).url);
  const status = await new Promise(done =>
    http.get({ port: url.port, path: '/%2e%2e/%2e%2e/etc/passwd.txt' }, res => done(res.statusCode))
  );
  expect(status).toBe(404);
});

it('forwards a request of a cluster with method, query and headers', async () => {
  const { url } = await startFakeHost();
  const answer = await fetch(`${url}/clusters/main/api?limit=1`, {
    method: 'POST',
    headers: { 'X-NKVM-Token': 'secret' },
  });
  expect(await answer.json()).toMatchObject({
    url: '/api?limit=1',
    method: 'POST',
    token: 'secret',
  });
});

it('passes on each event while the stream is still open', async () => {
  const { url, push } = await startFakeHost();
  const answer = await fetch(`${url}/clusters/main/api/v1/stream`);
  push('data: first\n\n');
  const { value } = await answer.body!.getReader().read();
  expect(new TextDecoder().decode(value)).toBe('data: first\n\n');
});

it('forwards WebSockets with their subprotocol', async () => {
  const { url } = await startFakeHost();
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
  const { port } = new URL((await startFakeHost()).url);
  const status = await new Promise(done =>
    http.get({ port, path: '/clusters/main/api', headers }, res => done(res.statusCode))
  );
  expect(status).toBe(403);
});

it('says that the API server does not answer', async () => {
  const { url } = await startFakeHost({ kubeUrl: 'http://127.0.0.1:1' });
  const answer = await fetch(`${url}/clusters/main/api`);
  expect(answer.status).toBe(502);
  expect(await answer.json()).toMatchObject({
    message: expect.stringContaining('does not answer'),
  });
});
