import { expect, it } from 'vitest';
import type { Wishes } from './choice.ts';
import { chooseDestinations } from './choice.ts';

const place = (name: string, isDefault = false) => ({ name, isDefault });
const places = [place('local', true), place('nas'), place('offsite')];

it.each<[string, Partial<Wishes>, string[]]>([
  ['the default where nobody says anything', {}, ['local']],
  ['what the request names', { asked: ['offsite', 'local'], ofClaim: 'nas' }, ['offsite', 'local']],
  [
    'what the claim names',
    { ofClaim: ' nas ,offsite,,nas', ofNamespace: 'local' },
    ['nas', 'offsite'],
  ],
  ['what the namespace names', { ofClaim: ' , ', ofNamespace: 'nas' }, ['nas']],
])('chooses %s', (_, wishes, expected) =>
  expect(chooseDestinations({ claim: 'shop/db', ...wishes }, places)).toEqual(expected)
);

it('chooses all that are marked as default', () => {
  const marked = [place('local'), place('nas', true), place('offsite', true)];
  expect(chooseDestinations({ claim: 'shop/db' }, marked)).toEqual(['nas', 'offsite']);
});

it('chooses local where none is marked', () =>
  expect(chooseDestinations({ claim: 'shop/db' }, [place('local'), place('nas')])).toEqual([
    'local',
  ]));

it.each<[Partial<Wishes>, string]>([
  [{ asked: ['s3'] }, 'the request names s3, which'],
  [{ ofClaim: 'nas,s3,b2' }, 'annotation nkvm.io/destination of claim shop/db names s3, b2, which'],
  [{ ofNamespace: 's3' }, 'annotation nkvm.io/destination of namespace shop names s3, which'],
])('refuses a name that is not known: %j', (wishes, message) =>
  expect(() => chooseDestinations({ claim: 'shop/db', ...wishes }, places)).toThrow(
    expect.objectContaining({
      reason: 'DestinationUnknown',
      message: expect.stringContaining(message),
      hint: 'choose from: local, nas, offsite',
    })
  )
);

it('refuses more than a backup can have', () =>
  expect(() =>
    chooseDestinations({ claim: 'shop/db', ofClaim: '1,2,3,4,5,6,7,8,9' }, places)
  ).toThrow(expect.objectContaining({ reason: 'TooManyDestinations' })));
