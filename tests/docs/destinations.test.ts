import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { DESTINATION_LABEL, NKVM_NAMESPACE } from '../../sidecar/api/index.ts';
import { KINDS } from '../../sidecar/src/destinations/kinds.ts';
import { CommonSettings } from '../../sidecar/src/destinations/places/common.ts';
import { readSecret } from '../../sidecar/src/destinations/places/secret.ts';

const DIR = join(import.meta.dirname, '../../docs/destinations');
const pages = readdirSync(DIR)
  .filter(name => name.endsWith('.md'))
  .map(name => ({ name, text: readFileSync(join(DIR, name), 'utf8') }));

interface Secret {
  metadata: {
    name: string;
    namespace: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  stringData: Record<string, string>;
}

/** Every Secret that the pages show. */
const secrets = pages.flatMap(({ name, text }) =>
  [...text.matchAll(/```yaml\n(.*?)```/gs)]
    .map(([, yaml = '']) => parse(yaml) as Secret)
    .filter(({ metadata }) => metadata.labels?.[DESTINATION_LABEL])
    .map(secret => ({
      page: name,
      kind: secret.metadata.labels?.[DESTINATION_LABEL] ?? '',
      secret,
    }))
);

/** Keys of the tables of a page: `| key | meaning |`. */
const keysIn = (text: string): string[] =>
  [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, key = '']) => key);

const keysOf = (schema: z.ZodType): string[] => {
  const { properties, anyOf } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const parts = anyOf ?? [{ properties }];
  return [...new Set(parts.flatMap(part => Object.keys(part.properties ?? {})))];
};

const kinds = Object.values(KINDS);

describe('docs/destinations', () => {
  it.each(secrets.map(each => [each.page, each.kind, each] as const))(
    '%s: the Secret of kind %s can be copied as it is',
    (_page, kind, { secret: { metadata, stringData } }) => {
      expect(metadata.namespace).toBe(NKVM_NAMESPACE);
      const { name, annotations = {} } = metadata;
      const read = readSecret({ name, kind, data: stringData, annotations }, KINDS);
      expect(read).toMatchObject({ kind, read: { settings: expect.anything() } });
    }
  );

  it.each(kinds.map(kind => [kind.kind, kind] as const))(
    'has a Secret of kind %s, and a row for each of its keys and for no other',
    (name, { settings }) => {
      const page = secrets.find(({ kind }) => kind === name)?.page;
      const text = pages.find(each => each.name === page)?.text ?? '';
      const onPage = secrets.filter(each => each.page === page).map(({ kind }) => kind);
      const ofPage = kinds.filter(({ kind }) => onPage.includes(kind)).map(one => one.settings);
      const known = [...ofPage, CommonSettings].flatMap(keysOf);
      expect(keysIn(text)).toEqual(expect.arrayContaining(keysOf(settings)));
      expect(keysIn(text).filter(key => !known.includes(key))).toEqual([]);
    }
  );

  it.each(kinds.map(({ kind }) => kind))('leads from its first page to %s', kind => {
    const first = pages.find(({ name }) => name === 'README.md')?.text ?? '';
    expect(first).toMatch(new RegExp(`\\[\`${kind}\`\\]\\(\\w+\\.md\\)`));
  });
});
