import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import type { Area } from '../cluster.ts';
import type { Any, World } from '../world.ts';

/** Answers with the request that it received. It listens on the pod's own address, which is this machine's on a pretend node. */
const ECHO = `
process.on('SIGTERM', () => process.exit());
require('http').createServer((request, response) => {
  if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let count = 0;
    const timer = setInterval(() => {
      response.write('data: ' + ++count + '\\n\\n');
      if (count === 3) clearInterval(timer), response.end();
    }, 400);
    return;
  }
  if (request.url === '/away') return response.writeHead(302, { location: '/other' }).end();
  if (request.url === '/problem') {
    response.writeHead(418, { 'content-type': 'application/problem+json', 'x-own': 'yes' });
    return response.end('{"message":"/not/rewritten"}');
  }
  let body = '';
  request.on('data', chunk => (body += chunk));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ method, url, headers, body }));
  });
}).listen(Number(process.argv[1]), process.env.POD_IP);
`;

const backends = new WeakMap<World, Promise<string>>();

/** @returns path of the Service `echo`, with ports http (80) and dead (81), when it can be reached. */
function echo(world: World): Promise<string> {
  let made = backends.get(world);
  if (!made) backends.set(world, (made = start(world)));
  return made;
}

async function start(world: World): Promise<string> {
  const name = world.name('echo');
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const labels = { app: name };
  const env = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }];
  const command = ['node', '-e', ECHO, `${port}`];
  const pod = await world.idlePod({}, { command, env }, { labels });
  await world.create('services', {
    metadata: { name },
    spec: {
      selector: labels,
      ports: [
        { name: 'http', port: 80, targetPort: port },
        { name: 'dead', port: 81, targetPort: 9 },
      ],
    },
  });
  await world.podIn(pod.metadata.name, 'Running');
  const path = `${world.here}/services/${name}`;
  await world.where('the echo answers', `${path}:http/proxy/`, ({ method }) => method === 'GET');
  return path;
}

const problem = async (world: World, path: string): Promise<[number, string, string]> => {
  const { status, json } = await world.client.get(path);
  expect(json).toMatchObject({ kind: 'Status', status: 'Failure', code: status });
  return [status, json.reason, json.message];
};

export const proxies: Area = {
  title: 'The service proxy',
  behaviours: [
    {
      says: 'sends method, path, query and body on to the port that is named',
      async holds(world) {
        const path = `${await echo(world)}:http/proxy/a/b?x=1&y=%20z`;
        const { json } = await world.client.post(path, { a: 1 });
        expect(json).toMatchObject({ method: 'POST', url: '/a/b?x=1&y=%20z', body: '{"a":1}' });
      },
    },
    {
      says: 'takes a port by number, and a scheme before the name',
      async holds(world) {
        const path = await echo(world);
        expect((await world.client.get(`${path}:80/proxy/`)).json.url).toBe('/');
        const withScheme = path.replace('/services/', '/services/http:');
        expect((await world.client.get(`${withScheme}:http/proxy/`)).json.url).toBe('/');
      },
    },
    {
      says: 'takes Authorization away, keeps Cookie and headers of one’s own, and adds X-Forwarded-For and X-Forwarded-Uri',
      async holds(world) {
        const { name, token } = await world.account();
        await world.grant(name, [
          { apiGroups: [''], resources: ['services/proxy'], verbs: ['get'] },
        ]);
        const path = `${await echo(world)}:http/proxy/a`;
        const headers = { cookie: 'a=b', 'x-nkvm-token': 'secret', 'x-remote-user': 'root' };
        const options = { token, headers };
        const look = async () => (await world.client.get(path, options)).json as Any;
        let seen = await look();
        for (let tries = 0; seen.kind === 'Status' && tries < 50; tries += 1) seen = await look();
        expect(seen.headers).toMatchObject({
          cookie: 'a=b',
          'x-nkvm-token': 'secret',
          'x-forwarded-uri': path,
          'x-forwarded-for': expect.any(String),
        });
        expect(seen.headers.authorization).toBeUndefined();
        expect(seen.headers['x-remote-user']).toBeUndefined();
      },
    },
    {
      says: 'makes an encoded slash in the path a slash',
      async holds(world) {
        const { json } = await world.client.get(`${await echo(world)}:http/proxy/a%2Fb/c`);
        expect(json.url).toBe('/a/b/c');
      },
    },
    {
      says: 'gives status, headers and JSON of the answer back as they are',
      async holds(world) {
        const answer = await world.client.get(`${await echo(world)}:http/proxy/problem`);
        expect(answer.status).toBe(418);
        expect(answer.headers['content-type']).toBe('application/problem+json');
        expect(answer.headers['x-own']).toBe('yes');
        expect(answer.json).toEqual({ message: '/not/rewritten' });
      },
    },
    {
      says: 'passes server-sent events on as they come',
      async holds(world) {
        const { body, headers } = await world.client.open(
          'GET',
          `${await echo(world)}:http/proxy/events`
        );
        expect(headers['content-type']).toBe('text/event-stream');
        const times: number[] = [];
        for await (const line of createInterface(body)) if (line) times.push(performance.now());
        expect(times).toHaveLength(3);
        expect(times[2]! - times[0]!).toBeGreaterThan(400);
      },
    },
    {
      says: 'redirects the path without a slash at its end, and puts its own path before that of a redirection',
      async holds(world) {
        const path = `${await echo(world)}:http/proxy`;
        const bare = await world.client.get(path);
        expect([bare.status, bare.headers.location]).toEqual([301, `${path}/`]);
        const away = await world.client.get(`${path}/away`);
        expect([away.status, away.headers.location]).toEqual([302, `${path}/other`]);
      },
    },
    {
      says: 'answers 404 where there is no such Service',
      async holds(world) {
        expect(await problem(world, `${world.here}/services/none:http/proxy/`)).toEqual([
          404,
          'NotFound',
          'services "none" not found',
        ]);
      },
    },
    {
      says: 'answers 503 where the Service has no pod that is ready',
      async holds(world) {
        const name = world.name('empty');
        const spec = { selector: { app: name }, ports: [{ name: 'http', port: 80 }] };
        await world.create('services', { metadata: { name }, spec });
        const path = `${world.here}/services/${name}:http/proxy/`;
        await world.where('it is known', path, ({ code }) => code === 503);
        expect(await problem(world, path)).toEqual([
          503,
          'ServiceUnavailable',
          `no endpoints available for service "${name}"`,
        ]);
      },
    },
    {
      says: 'answers 503 where the Service has no such port',
      async holds(world) {
        const path = await echo(world);
        const name = path.split('/').at(-1);
        expect(await problem(world, `${path}:99/proxy/`)).toEqual([
          503,
          'ServiceUnavailable',
          `no service port 99 found for service "${name}"`,
        ]);
        expect((await problem(world, `${path}:none/proxy/`))[2]).toBe(
          `no endpoints available for service "${name}:none"`
        );
      },
    },
    {
      says: 'answers 503 where nobody listens on the port',
      async holds(world) {
        const [status, reason, message] = await problem(world, `${await echo(world)}:dead/proxy/`);
        expect([status, reason]).toEqual([503, 'ServiceUnavailable']);
        expect(message).toMatch(
          /^error trying to reach service: dial tcp .*: connect: connection refused$/
        );
      },
    },
    {
      says: 'refuses a scheme that it does not know with 400',
      async holds(world) {
        const [status, , message] = await problem(
          world,
          `${world.here}/services/ftp:echo:http/proxy/`
        );
        expect([status, message]).toEqual([400, 'invalid service request "ftp:echo:http"']);
      },
    },
    {
      says: 'wants the right on services/proxy, by the method and under the name with the port',
      async holds(world) {
        const { user, token } = await world.account();
        for (const [method, verb] of [
          ['GET', 'get'],
          ['POST', 'create'],
        ] as const) {
          const path = `${world.here}/services/nkvm:http/proxy/`;
          const { status, json } = await world.client.request(method, path, { token });
          expect(status).toBe(403);
          expect(json.message).toBe(
            `services "nkvm:http" is forbidden: User "${user}" cannot ${verb} resource "services/proxy" in API group "" ` +
              `in the namespace "${world.namespace}"`
          );
        }
      },
    },
  ],
};
