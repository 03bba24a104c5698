import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RestoreEngine } from '../../sidecar/src/restore/types.ts';
import { httpWorld } from '../../sidecar/src/testing/httpWorld.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/reference/http-api.md'), 'utf8');

it('docs/reference/http-api.md lists every route, and no other', async () => {
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
    paths: Record<string, object>;
  };
  const routes = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/v1/'))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path.slice('/api/v1/'.length)}`)
    )
    .map(route => route.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase()));
  const listed = [...text.matchAll(/^\| `(GET|POST|PUT|DELETE) ([^`? ]+)[^`]*`/gm)].map(
    ([, method = '', path = '']) => `${method} ${path}`
  );
  expect(listed.sort()).toEqual(routes.sort());
});
