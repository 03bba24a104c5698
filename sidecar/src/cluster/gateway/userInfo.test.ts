import { expect, it } from 'vitest';
import { ApiFailure } from './apiFailure.ts';
import { MOST_USER_CHARACTERS, readUserInfo } from './userInfo.ts';

it('reads a user, also one of whom only the name is told', () => {
  const ann = {
    username: 'ann',
    uid: 'uid-1',
    groups: ['system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': ['JTI=1'] },
  };
  expect(readUserInfo(ann)).toEqual(ann);
  expect(readUserInfo({ username: 'ann' })).toEqual({ username: 'ann', groups: [], extra: {} });
});

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['a user without a name', { groups: ['system:masters'] }],
  ['an empty name', { username: '' }],
  ['a name that is a number', { username: 5 }],
  ['groups that are a text', { username: 'ann', groups: 'system:masters' }],
  ['an extra that is no list', { username: 'ann', extra: { scopes: 'all' } }],
  ['a user of megabytes', { username: 'ann', groups: ['g'.repeat(MOST_USER_CHARACTERS)] }],
])('refuses %s from an API server that says anything', (_, said) => {
  expect(() => readUserInfo(said)).toThrow(ApiFailure);
});
