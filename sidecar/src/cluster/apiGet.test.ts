import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { ApiError, getJson } from './apiGet.ts';

const patient = { answerMs: 5_000, silenceMs: 5_000, totalMs: 5_000 };
const never = new AbortController().signal;

/** @returns a kubeconfig with a token for a server that answers as `answer` does. */
async function serving(answer: RequestListener, prefix = ''): Promise<KubeConfig> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'local', server: `http://127.0.0.1:${port}${prefix}`, skipTLSVerify: true },
    { name: 'runner', token: 'secret-token' }
  );
  return kubeConfig;
}

const get = (kubeConfig: KubeConfig, limits: Partial<typeof patient> = {}, signal = never) =>
  getJson(
    kubeConfig,
    '/api/v1/pods',
    { limit: '5', continue: 'a=b&c' },
    { ...patient, ...limits, signal }
  );

it('asks below the path of the server, with query and token', async () => {
  const kubeConfig = await serving(
    ({ url, headers }, response) =>
      response.end(JSON.stringify({ url, authorization: headers.authorization })),
    '/k8s/clusters/c-1/'
  );
  expect(await get(kubeConfig)).toEqual({
    url: '/k8s/clusters/c-1/api/v1/pods?limit=5&continue=a%3Db%26c',
    authorization: 'Bearer secret-token',
  });
});

it.each([
  [
    'the sentence of a Status',
    '{"kind":"Status","message":"pods is forbidden"}',
    'pods is forbidden',
  ],
  ['the status line where the body is no Status', '<html>nginx</html>', 'HTTP 403 Forbidden'],
])('throws status and %s', async (_, body, message) => {
  const kubeConfig = await serving((_, response) => response.writeHead(403).end(body));
  const error = await get(kubeConfig).catch(error => error);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 403, message });
});

it('gives up on a server that does not answer', async () => {
  const kubeConfig = await serving(() => {});
  await expect(get(kubeConfig, { answerMs: 50 })).rejects.toThrow(/has sent nothing for 0.05 s/);
});

it('gives up on a body that pauses', async () => {
  const kubeConfig = await serving((_, response) => response.write('{"items":['));
  await expect(get(kubeConfig, { silenceMs: 50 })).rejects.toThrow(/has sent nothing for 0.05 s/);
});

it('gives up on a body that trickles on and on', async () => {
  const kubeConfig = await serving((_, response) => {
    const trickle = setInterval(() => response.write(' '), 10);
    response.on('close', () => clearInterval(trickle));
  });
  await expect(get(kubeConfig, { totalMs: 100 })).rejects.toThrow(
    '/api/v1/pods took longer than 0.1 s'
  );
});

it('throws when the connection breaks inside the body', async () => {
  const kubeConfig = await serving((_, response) =>
    response.write('{"items":[', () => response.destroy())
  );
  await expect(get(kubeConfig)).rejects.toThrow('aborted');
});

it('stops when it is told to', async () => {
  const stopping = new AbortController();
  const kubeConfig = await serving(() => stopping.abort());
  await expect(get(kubeConfig, {}, stopping.signal)).rejects.toThrow(/aborted/);
});
