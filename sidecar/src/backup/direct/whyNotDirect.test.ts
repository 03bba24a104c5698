import { expect, it } from 'vitest';
import type { DirectFacts, NotDirect } from './whyNotDirect.ts';
import { whyNotDirect } from './whyNotDirect.ts';

const s3 = { id: 'offsite', stageDirect: async () => ({ otherwise: '' }) };
const other = { id: 'local' };
const usual: DirectFacts = { destinations: [s3], doubt: undefined, isAllowed: true };

it.each<[string, Partial<DirectFacts>, NotDirect | undefined]>([
  ['goes directly to the only destination, if it takes direct uploads', {}, undefined],
  [
    'says nothing where no destination takes them',
    { destinations: [other] },
    { because: undefined },
  ],
  ['says nothing where they are turned off', { isAllowed: false }, { because: undefined }],
  [
    'is read once for several destinations',
    { destinations: [s3, other] },
    { because: 'it goes to several destinations' },
  ],
  ['avoids what failed before', { doubt: 'it failed' }, { because: 'it failed' }],
  ['has no destination', { destinations: [] }, { because: undefined }],
])('%s', (_, facts, expected) => {
  expect(whyNotDirect({ ...usual, ...facts })).toEqual(expected);
});
