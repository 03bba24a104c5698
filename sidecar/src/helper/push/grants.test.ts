import { expect, it } from 'vitest';
import type { Grant, Knock } from './grants.ts';
import { grantsOf, PUSH_PATH, refusalOf } from './grants.ts';

const grant: Grant = { pod: 'shop/helper', addresses: ['10.1.2.3', 'fd00::3'], direction: 'send' };
const sound: Knock = {
  ...{ method: 'POST', url: PUSH_PATH, from: '10.1.2.3' },
  ...{ grant, isUsed: false },
};

it.each<[string, Partial<Knock>, number | undefined]>([
  ['takes the request of the pod', {}, undefined],
  ['takes it over IPv6', { from: 'fd00::3' }, undefined],
  ['takes an IPv4 address that is written as IPv6', { from: '::ffff:10.1.2.3' }, undefined],
  [
    'takes it where the addresses of the pod are not known',
    { grant: { ...grant, addresses: [] } },
    undefined,
  ],
  ['refuses another path', { url: '/metrics' }, 404],
  ['refuses the path with a query', { url: `${PUSH_PATH}?all` }, 404],
  ['refuses another method', { method: 'PUT' }, 405],
  ['refuses a token that it does not know', { grant: undefined }, 401],
  ['refuses a token of the other direction', { method: 'GET' }, 403],
  ['refuses a restore that sends', { grant: { ...grant, direction: 'fetch' } }, 403],
  ['refuses a token that was used', { isUsed: true }, 409],
  ['refuses another pod', { from: '10.1.2.4' }, 403],
  ['refuses an address that is not known', { from: undefined }, 403],
])('%s', (_, change, status) => expect(refusalOf({ ...sound, ...change })?.status).toBe(status));

it('says which address was not the one of the pod', () => {
  expect(refusalOf({ ...sound, from: '10.1.2.4' })?.why).toBe(
    'the connection came from 10.1.2.4, which is not an address of the pod'
  );
});

it('knows a token until it is revoked, and that it was used', () => {
  const grants = grantsOf<string>();
  const taken: string[] = [];
  const { token, revoke } = grants.add(grant, each => taken.push(each));
  const other = grants.add(grant, () => undefined);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(token).not.toBe(other.token);
  expect(grants.find(token)).toMatchObject({ grant, isUsed: false });
  grants.find(token)?.take('it');
  expect(taken).toEqual(['it']);
  expect(grants.find(token)?.isUsed).toBe(true);
  expect(grants.find(other.token)?.isUsed).toBe(false);
  revoke();
  expect(grants.find(token)).toBeUndefined();
});
