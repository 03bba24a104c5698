import { expect, it } from 'vitest';
import { openNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Action } from '../../cluster/gateway/access.ts';
import { selectedBy } from './selected.ts';

const away = (): never => {
  throw new Error('no answer');
};

it.each<[string, boolean, (action: Action) => boolean, boolean | 'unknown']>([
  ['has the labels, without any right there', true, () => false, true],
  ['lacks the labels, and rights are given everywhere', false, () => true, false],
  [
    'lacks the labels, and was opened by itself',
    false,
    ({ namespace }) => namespace === 'shop',
    true,
  ],
  ['lacks the labels, and was not opened', false, () => false, false],
  ['lacks the labels while the API server does not answer', false, away, 'unknown'],
])('decides about a namespace that %s', async (_, isLabelled, mayI, expected) => {
  const labelled = () => isLabelled;
  const open = openNamespaces({ mayI: async action => mayI(action) }, { isSelected: labelled });
  expect(await selectedBy(labelled, open)('shop')).toBe(expected);
});
