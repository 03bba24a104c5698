import { expect, it } from 'vitest';
import type { Chain } from '../../../api/index.ts';
import { baseOf, formOf, fullRunOf, levelOf, needs } from './chain.ts';

const link = (runId: string) => ({ runId, archive: `${runId}.tar.gz`, bytes: 1, sha256: '' });

it.each<[string, Chain | null, unknown[]]>([
  ['a full archive alone', null, ['full', 0, undefined, 'own', false]],
  ['a full archive of a chain', { links: [] }, ['full', 0, undefined, 'own', false]],
  ['the first increment', { links: [link('a')] }, ['increment', 1, 'a', 'a', true]],
  ['a later one', { links: [link('a'), link('b')] }, ['increment', 2, 'b', 'a', true]],
])('knows %s', (_, chain, expected) => {
  expect([
    formOf(chain),
    levelOf(chain),
    baseOf(chain)?.runId,
    fullRunOf('own', chain),
    needs(chain, 'a'),
  ]).toEqual(expected);
});
