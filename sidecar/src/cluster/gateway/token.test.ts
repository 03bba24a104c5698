import { expect, it } from 'vitest';
import { tokenClaims } from './token.ts';

const jwt = (payload: unknown) =>
  ['e30', Buffer.from(JSON.stringify(payload)).toString('base64url'), 'c2ln'].join('.');

it.each<[string, string, ReturnType<typeof tokenClaims>]>([
  [
    'a list of audiences',
    jwt({ aud: ['nkvm', 'x'], exp: 2 }),
    { audiences: ['nkvm', 'x'], expiresAt: 2000 },
  ],
  ['one audience', jwt({ aud: 'nkvm' }), { audiences: ['nkvm'], expiresAt: undefined }],
  ['no audience', jwt({}), { audiences: [], expiresAt: undefined }],
  ['odd values', jwt({ aud: [1], exp: 'x' }), { audiences: [], expiresAt: undefined }],
  ['a payload that is not an object', jwt('text'), undefined],
  ['a payload that is not JSON', 'a.b.c', undefined],
  ['an opaque token', '0123456789abcdef', undefined],
  ['too many parts', `${jwt({})}.x.y`, undefined],
])('reads %s', (_, token, expected) => expect(tokenClaims(token)).toEqual(expected));
