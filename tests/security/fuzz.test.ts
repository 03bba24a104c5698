import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { residentMiB } from './support/memory.ts';
import { rawAsk, statusesIn } from './support/raw.ts';
import type { Route } from './support/routes.ts';
import { requestFor, routesOf } from './support/routes.ts';
import type { HostileWorld } from './support/world.ts';
import { hostileWorld } from './support/world.ts';

/** The same requests each time. */
const SEED = { seed: 7, numRuns: 25 };

let world: HostileWorld;
let routes: Route[];
let admin: string;

beforeAll(async () => {
  world = await hostileWorld();
  routes = (await routesOf(world)).filter(({ isStream }) => !isStream);
  admin = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
});
afterAll(() => world?.stop());

/** Typical input of attackers. */
const NASTY = [
  '',
  '.',
  '..',
  '../../etc/passwd',
  '/etc/passwd',
  '%2e%2e%2f',
  '\u0000',
  '\u001b[2J',
  '\u202egnp.exe',
  'a\r\nSet-Cookie: x=1',
  '<script>alert(1)</script>',
  "'; DROP TABLE runs; --",
  '$(touch /tmp/x)',
  '`id`',
  '=HYPERLINK("http://x")',
  '{{7*7}}',
  '__proto__',
  'constructor',
  '9'.repeat(400),
  'x'.repeat(5_000),
  '\ud800',
  'archive:../../x.tar.gz',
  'upload:..',
  '-1',
  '1e999',
];
const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 60 }));
const json = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.dictionary(
      fc.oneof(text, fc.constantFrom('volumes', 'paths', 'target', 'settings')),
      fc.oneof(text, fc.anything()),
      { maxKeys: 5 }
    ),
  },
  fc.anything()
);

/** No answer may be an internal error, or show where in the code something happened. */
async function expectSound(what: string, answer: Response): Promise<void> {
  const body = await answer.text();
  expect(answer.status, `${what}: ${body}`).not.toBe(500);
  expect(body, what).not.toMatch(/node:internal|\bat .*\.(ts|js):\d+|node_modules/);
}

const parts = (values: string[]) => {
  const at = (index: number) => values[index % values.length] ?? '';
  const target = { namespace: at(0), name: at(1), mode: at(2) };
  const names = ['id', 'namespace', 'name', 'ticket', 'path', 'with', 'cursor', 'search', 'limit'];
  const more = ['backup', 'mode', 'destination', 'identity', 'status', 'sort', 'order', 'after'];
  return {
    ...Object.fromEntries(
      [...names, ...more, 'kubeconfig'].map((name, index) => [name, at(index)])
    ),
    ...{
      target,
      paths: values,
      settings: { host: at(3) },
      volumes: [{ namespace: at(4), name: at(5) }],
    },
  };
};

it('nothing in paths, queries and fields of any route is an internal error', async () => {
  for (const route of routes) {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 6, maxLength: 9 }), async values => {
        const { path, init } = requestFor(
          route,
          parts(values.map(each => Buffer.from(each).toString()))
        );
        await expectSound(`${route.name} ${path}`, await world.call(path, admin, init));
      }),
      SEED
    );
  }
});

it('no body of any route is an internal error', async () => {
  const withBody = routes.filter(({ operation }) => operation.requestBody);
  expect(withBody.length).toBeGreaterThan(5);
  for (const route of withBody) {
    const { path } = requestFor(route, parts(['shop']));
    await fc.assert(
      fc.asyncProperty(json, async value => {
        const body = JSON.stringify(value) ?? 'undefined';
        const headers = { 'content-type': 'application/json' };
        const init = { method: route.method, headers, body };
        await expectSound(`${route.name} ${body}`, await world.call(path, admin, init));
      }),
      SEED
    );
  }
});

it('a key that a schema does not know is refused', async () => {
  const withBody = routes.filter(
    ({ operation }) => operation.requestBody?.content['application/json']
  );
  for (const route of withBody) {
    const { path } = requestFor(route, parts(['shop']));
    const answer = await world.call(path, admin, {
      method: route.method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ isAdmin: true }),
    });
    expect([route.name, answer.status]).toEqual([route.name, 400]);
    expect(await answer.text()).toContain('isAdmin');
  }
});

it('no bytes that are not HTTP are an internal error', async () => {
  const bytes = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .tuple(fc.constantFrom('GET', 'POST', 'PUT', 'X'), text, text)
      .map(
        ([method, path, header]) =>
          `${method} /${path} HTTP/1.1\r\nHost: x\r\n${header}: ${header}\r\n\r\n`
      )
  );
  await fc.assert(
    fc.asyncProperty(bytes, async sent => {
      const answer = await rawAsk(world.sidecar.port, `${sent}\r\n\r\n`, 200);
      expect(statusesIn(answer)).not.toContain(500);
    }),
    { seed: 7, numRuns: 60 }
  );
});

it('memory stays bounded after all of that', async () => {
  expect(residentMiB(world.sidecar.pid)).toBeLessThan(700);
  expect((await world.call('/api/v1/volumes', admin)).status).toBe(200);
});

it('nothing was logged as an internal error, and each entry is one line', () => {
  const errors = world.sidecar.log.filter(({ msg }) => msg?.includes('internal error'));
  expect(errors).toEqual([]);
  expect(world.sidecar.log.every(entry => Object.keys(entry).length > 0)).toBe(true);
});
