import { expect, it } from 'vitest';
import type { Chain } from '../../../api/index.ts';
import { formOf, levelOf, needs } from './chain.ts';

const link = (runId: string) => ({ runId, archive: `${runId}.tar.gz`, bytes: 1, sha256: '' });

it.each<[string, Chain | null, unknown[]]>([
  ['a full archive alone', null, ['full', 0, false]],
  ['a full archive of a chain', { links: [] }, ['full', 0, false]],
  ['the first increment', { links: [link('a')] }, ['increment', 1, true]],
  ['a later one', { links: [link('a'), link('b')] }, ['increment', 2, true]],
])('knows %s', (_, chain, expected) => {
  expect([formOf(chain), levelOf(chain), needs(chain, 'a')]).toEqual(expected);
});
