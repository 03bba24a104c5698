import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { AuditEntry } from '../../sidecar/api/index.ts';
import { AUDITED_ACTIONS, OWN_ACTIONS } from '../../sidecar/src/http/audit/auditedActions.ts';
import { httpWorld } from '../../sidecar/src/testing/httpWorld.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/reference/audit.md'), 'utf8');

/** @returns e.g. `GET backups/ID/files`. */
const titleOf = (route: string): string =>
  route.replace(' /api/v1/', ' ').replaceAll(/:(\w+)/g, (_, name: string) => name.toUpperCase());

it('each route says how it is recorded, or why not', async () => {
  const routes: string[] = [];
  const never = { plan: async () => Promise.reject(new Error('not asked')) } as never;
  const world = await httpWorld({
    ...{ restores: never, drills: never },
    onRoute: ({ method, url }) => routes.push(`${method} ${url}`),
  });
  onTestFinished(() => world.close());
  const missing = routes.filter(route => !(route in AUDITED_ACTIONS));
  expect(missing, 'add a row to sidecar/src/http/audit/auditedActions.ts').toEqual([]);
  expect(Object.keys(AUDITED_ACTIONS).filter(route => !routes.includes(route))).toEqual([]);
});

it('docs/reference/audit.md has each row of the table', () => {
  const rows = Object.entries(AUDITED_ACTIONS).map(([route, row]) =>
    'none' in row
      ? `| \`${titleOf(route)}\` | ${row.none} |`
      : `| \`${titleOf(route)}\` | \`${row.action}\` | ${row.kind} |`
  );
  const listed = text.split('\n').filter(line => /^\| `(GET|POST|PUT|DELETE) /.test(line));
  expect(listed.sort()).toEqual(rows.sort());
});

it('docs/reference/audit.md has each field of an entry, and each action of NKVM', () => {
  const cells = [...text.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell).join(' ');
  const named = new Set([...cells.matchAll(/`([\w.-]+)`/g)].map(([, name]) => name));
  const wanted = [...Object.keys(AuditEntry.shape), ...OWN_ACTIONS];
  expect(wanted.filter(name => !named.has(name))).toEqual([]);
});
