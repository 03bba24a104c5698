import type { FastifyInstance } from 'fastify';
import Fastify from 'fastify';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { fairRequests } from './fairRequests.ts';
import { headersOf, problemOf } from './problems.ts';
import { refuseSlowReaders } from './slowReaders.ts';

const LIMITS = {
  eachToken: { atOnce: 2, waiting: 1 },
  eachUser: { atOnce: 3, waiting: 1 },
  rate: { burst: 100, everyMs: 1 },
};

/** A server whose requests end when the test says so. The header `as` is USER, USER@CLUSTER or USER/TOKEN. */
async function server(limits = LIMITS) {
  const app: FastifyInstance = Fastify({ forceCloseConnections: true });
  const end = new EventEmitter();
  const under: string[] = [];
  app.addHook('onRequest', async request => {
    const [user = '', token] = String(request.headers.as).split('/');
    const [username, cluster] = user.split('@');
    const extra = token ? { 'authentication.kubernetes.io/credential-id': [token] } : {};
    Object.assign(request, { caller: { username, uid: undefined, groups: [], extra, cluster } });
  });
  app.addHook('onRequest', fairRequests(limits));
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error, '');
    return reply.code(problem.status).headers(headersOf(error, problem.status)).send(problem);
  });
  app.get('/', async request => {
    under.push(String(request.headers.as));
    await once(end, 'end');
    return 'done';
  });
  app.get('/events', { schema: { produces: ['text/event-stream'] } }, async () => {
    under.push('stream');
    await once(end, 'end');
    return 'done';
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const ask = (as: string, path = '', signal?: AbortSignal) =>
    fetch(`http://127.0.0.1:${port}/${path}`, { headers: { as }, signal: signal ?? null });
  const begun = (count: number) => vi.waitUntil(() => under.length === count, { timeout: 20_000 });
  return { app, ask, begun, under, end };
}

it('lets a caller have some requests under way, and the next ones wait', async () => {
  const { ask, begun, under, end } = await server();
  const first = [ask('a'), ask('a')];
  await begun(2);
  const third = ask('a');
  const other = ask('b');
  await begun(3);
  expect(under.at(-1)).toBe('b');
  end.emit('end');
  await begun(4);
  end.emit('end');
  const answers = await Promise.all([...first, third, other]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

it('counts a user of another cluster, who has the same name, by itself', async () => {
  const { ask, begun, under, end } = await server();
  const own = [ask('a'), ask('a')];
  await begun(2);
  const other = ask('a@edge');
  await begun(3);
  expect(under.at(-1)).toBe('a@edge');
  end.emit('end');
  await Promise.all([...own, other]);
});

it('refuses what is too much, and says when to try again', async () => {
  const { ask, begun, end } = await server();
  const waiting = [ask('a'), ask('a')];
  await begun(2);
  // One of these two waits, the other one is refused.
  const refused = await Promise.race([ask('a'), ask('a')]);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ reason: 'TooManyRequests' });
  end.emit('end');
  await Promise.all(waiting);
});

it('counts the tokens of a user together, too', async () => {
  const { ask, begun, under } = await server();
  for (const token of ['1', '2', '3']) void ask(`a/${token}`).catch(() => undefined);
  await begun(3);
  void ask('a/4').catch(() => undefined);
  expect((await ask('a/5')).status).toBe(429);
  expect(under).toHaveLength(3);
});

it('does not count event streams, which have limits of their own', async () => {
  const { ask, begun } = await server();
  for (let count = 0; count < 10; count += 1) void ask('a', 'events').catch(() => undefined);
  await begun(10);
});

it('refuses a caller who asks too often', async () => {
  const { ask } = await server({ ...LIMITS, rate: { burst: 1, everyMs: 1e9 } });
  void ask('a').catch(() => undefined);
  expect((await ask('a')).status).toBe(429);
});

it('a caller who has gone while waiting is not answered', async () => {
  const { ask, begun, end, under, app } = await server();
  const first = [ask('a'), ask('a')];
  await begun(2);
  const gone = new AbortController();
  const two = [ask('a', '', gone.signal), ask('a', '', gone.signal)];
  expect((await Promise.race(two)).status).toBe(429); // so the other one waits
  const before = await connections(app);
  gone.abort();
  await Promise.allSettled(two);
  await vi.waitUntil(async () => (await connections(app)) < before, { timeout: 20_000 });
  end.emit('end');
  await Promise.all(first);
  const next = ask('a');
  await begun(3);
  end.emit('end');
  expect((await next).status).toBe(200);
  expect(under).toHaveLength(3);
});

it('an answer that nobody takes is ended', async () => {
  const app = Fastify({ forceCloseConnections: true });
  onTestFinished(() => app.close());
  app.addHook('onSend', refuseSlowReaders(50));
  app.get('/', async () => 'x'.repeat(50_000_000));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const request = http.get({ port, host: '127.0.0.1' });
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  await vi.waitUntil(async () => (await connections(app)) === 0, { timeout: 20_000 });
  answer.resume();
  await expect(once(answer, 'end')).rejects.toThrow();
});

const connections = (app: FastifyInstance): Promise<number> =>
  new Promise((resolve, reject) =>
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  );
