import { expect, it } from 'vitest';
import { intoOf } from './into';

it.each<[string, string | undefined, string]>([
  ['main', undefined, 'main'],
  ['main', 'site-b', 'main/site-b'],
  ['main/site-b', undefined, 'main/site-b'],
  ['main/site-b', '', 'main'],
  ['main/site-b', 'site-c', 'main/site-c'],
])('a backup of %s goes, with %j chosen, into %s', (cluster, into, expected) =>
  expect(intoOf(cluster, { into })).toBe(expected)
);
