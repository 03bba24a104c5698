import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RestoreEngine } from '../../sidecar/src/restore/types.ts';
import { httpWorld } from '../../sidecar/src/testing/httpWorld.ts';

/** What is read of an operation of the OpenAPI document. */
interface Operation {
  parameters?: { in: string; name: string }[];
  responses: Record<string, unknown>;
}

const text = readFileSync(join(import.meta.dirname, '../../docs/reference/http-api.md'), 'utf8');

/** @returns the operations of the API, by method and path as the document has them. */
async function operations(): Promise<Map<string, Operation>> {
  const never: RestoreEngine = {
    plan: async () => Promise.reject(new Error('not asked')),
    admit: async () => Promise.reject(new Error('not asked')),
    undoOf() {
      throw new Error('not asked');
    },
  };
  const world = await httpWorld({ restores: never, drills: never });
  onTestFinished(() => world.close());
  const { paths } = (await world.app.inject('/api/v1/openapi.json')).json() as {
    paths: Record<string, Record<string, Operation>>;
  };
  const all = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/v1/'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => {
        const name = `${method.toUpperCase()} ${path.slice('/api/v1/'.length)}`;
        return [name.replaceAll(/\{(\w+)\}/g, (_, of: string) => of.toUpperCase()), operation];
      })
    );
  return new Map(all);
}

/** The rows of the table of routes: method and path, their query, and what they answer. */
const ROWS = [...text.matchAll(/^\| `((?:GET|POST|PUT|DELETE) [^`? ]+)(\?[^`]*)?.*?` ?(.*)/gm)].map(
  ([, route = '', query = '', answer = '']) => ({ route, query, answer })
);

it('docs/reference/http-api.md lists every route, and no other', async () => {
  const routes = [...(await operations()).keys()];
  expect(ROWS.map(({ route }) => route).sort()).toEqual(routes.sort());
});

it('docs/reference/http-api.md names every parameter of a query', async () => {
  const routes = await operations();
  for (const { route, query } of ROWS) {
    const named = [...query.matchAll(/(\w+)=/g)].map(([, name]) => name);
    const has = routes
      .get(route)!
      // The section on other clusters has this one.
      .parameters?.filter(({ in: where, name }) => where === 'query' && name !== 'cluster')
      .map(({ name }) => name);
    expect(named, route).toEqual(has ?? []);
  }
});

it('docs/reference/http-api.md names every status of a success other than 200', async () => {
  const routes = await operations();
  for (const { route, answer } of ROWS) {
    const has = Object.keys(routes.get(route)!.responses).filter(status => /^20[^0]/.test(status));
    const named = [...answer.matchAll(/\b20[^0]\b/g)].map(([status]) => status);
    expect(named, route).toEqual(has);
  }
});
