import { expect, it } from 'vitest';
import type { DirectFacts, NotDirect } from './whyNotDirect.ts';
import { whyNotDirect } from './whyNotDirect.ts';

const sound: DirectFacts = {
  ...{ isAllowed: true, isPossible: true, isWhole: true, isKnown: true, isOneForm: true },
  doubt: undefined,
};

it.each<[string, Partial<DirectFacts>, NotDirect | undefined]>([
  ['is direct where nothing is against it', {}, undefined],
  ['is not direct when it is turned off', { isAllowed: false }, { because: undefined }],
  ['is not direct when nobody else can read there', { isPossible: false }, { because: undefined }],
  [
    'is not direct for a part of an archive',
    { isWhole: false },
    { because: 'only a part of the archive is restored' },
  ],
  [
    'is not direct without an expected digest',
    { isKnown: false },
    { because: 'the expected digest of the archive is not known' },
  ],
  [
    'is not direct for a chain in several forms',
    { isOneForm: false },
    { because: 'the archives of its chain are stored in several forms' },
  ],
  [
    'is not direct after it has failed',
    { doubt: 'it cannot be reached' },
    { because: 'it cannot be reached' },
  ],
])('%s', (_, change, expected) => expect(whyNotDirect({ ...sound, ...change })).toEqual(expected));
