import { describe, expect, it } from 'vitest';
import { KINDS } from '../../sidecar/src/destinations/kinds.ts';
import { FIELDS, type Kind } from '../../src/destinations/fields.ts';

/** Wrong for nearly all keys, which does not matter: a key that is not known is refused as such. */
const VALUE = 'x';

/** @returns the keys that the sidecar does not know. */
function unknownKeys(kind: Kind, keys: string[]): string[] {
  const { error } = KINDS[kind]!.settings.safeParse(
    Object.fromEntries(keys.map(key => [key, VALUE]))
  );
  return (error?.issues ?? []).flatMap(issue => ('keys' in issue ? (issue.keys as string[]) : []));
}

/** @returns the keys without which the sidecar says that something is missing. */
const neededKeys = (kind: Kind): string[] => {
  const { error } = KINDS[kind]!.settings.safeParse({});
  return (error?.issues ?? []).map(({ path }) => String(path[0]));
};

describe.each(Object.keys(KINDS) as Kind[])('the form of a destination of kind %s', kind => {
  it('has no key that the sidecar refuses', () => {
    expect(unknownKeys(kind, [...FIELDS[kind].map(({ key }) => key), 'bogus'])).toEqual(['bogus']);
  });

  it('asks for everything that the sidecar needs', () => {
    const keys = FIELDS[kind].map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(neededKeys(kind)));
  });
});
