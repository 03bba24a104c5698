import Fastify from 'fastify';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { problemOf } from './problems.ts';
import { refuseSlowBodies } from './slowBodies.ts';

it.each([true, false])('a body that does not end is cut off (takes long: %s)', async takesLong => {
  const app = Fastify();
  app.addHook('onRequest', refuseSlowBodies(50));
  app.addHook('onRequest', async (_request, reply) => {
    if (takesLong) await reply.code(401).send();
  });
  app.post('/', { config: { takesLong } }, async () => 'done');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', 'content-length': 1_000 };
  const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers });
  const closed = new Promise(resolve => request.on('close', resolve));
  request.on('error', () => undefined);
  request.on('response', response => response.resume());
  request.write('{');
  await closed;
  expect(request.writableFinished).toBe(false);
  request.destroy();
  await app.close();
});

it('a body that does not end is answered with 408', async () => {
  const app = Fastify();
  app.addHook('onRequest', refuseSlowBodies(50));
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error, '');
    return reply.code(problem.status).send(problem);
  });
  app.post('/', async () => 'done');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', 'content-length': 1_000 };
  const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers });
  request.on('error', () => undefined);
  request.write('{');
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  expect(response.statusCode).toBe(408);
  expect(JSON.parse(await text(response))).toMatchObject({ reason: 'RequestTimeout' });
  await once(request, 'close');
  await app.close();
});
