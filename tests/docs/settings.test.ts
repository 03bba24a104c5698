import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../sidecar/src/config.ts';

const table = readFileSync(new URL('../../docs/reference/settings.md', import.meta.url), 'utf8');

/** The rows of the table: name, default, purpose. */
const rows = [...table.matchAll(/^\| `(NKVM_\w+)` \| (.*?) \| (.*) \|$/gm)].map(
  ([, name, value, purpose]) => ({ name, value, purpose })
);

describe('docs/reference/settings.md', () => {
  it('holds every setting with its default and its purpose, in the order of the code', () => {
    expect(rows).toEqual(
      Object.entries(SETTINGS).map(([name, schema]) => {
        const { success, data } = schema.safeParse(undefined);
        const value = success && data !== undefined ? `\`${data}\`` : '';
        return { name, value, purpose: schema.description };
      })
    );
  });
});
