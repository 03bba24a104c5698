import { expect, it } from 'vitest';
import { actorOf, sourceOf } from './who.ts';

it('has of a token its owner, its credential id, and no more than a few groups', () => {
  const actor = actorOf({
    username: 'system:serviceaccount:shop:nkvm-user',
    uid: 'uid-1',
    groups: Array.from({ length: 300 }, (_, at) => `group-${at}`),
    extra: { 'authentication.kubernetes.io/credential-id': ['JTI=7f'], 'x/secret': ['s3cret'] },
  });
  expect(actor).toMatchObject({
    ...{ kind: 'serviceAccount', name: 'system:serviceaccount:shop:nkvm-user', uid: 'uid-1' },
    credential: 'JTI=7f',
  });
  expect(actor.groups).toHaveLength(16);
  expect(JSON.stringify(actor)).not.toContain('s3cret');
});

it('says of a token of another cluster which one that is: the same name is somebody else there', () => {
  const subject = { username: 'ann', uid: undefined, groups: [], extra: {} };
  expect(actorOf({ ...subject, cluster: 'edge' })).toMatchObject({ name: 'ann', cluster: 'edge' });
  expect(actorOf(subject)).not.toHaveProperty('cluster');
});

it('shortens a name that OIDC made long', () => {
  const anybody = { uid: undefined, groups: [], extra: {} };
  const { kind, name } = actorOf({ ...anybody, username: 'a'.repeat(9_000) });
  expect([kind, name?.length]).toEqual(['user', 253]);
  const other = actorOf({ ...anybody, username: 'a'.repeat(9_001) });
  expect(other.name).not.toBe(name);
});

it.each([
  ['10.0.0.1', '192.0.2.7', { peer: '10.0.0.1', client: '192.0.2.7' }],
  ['::ffff:10.0.0.1', '6.6.6.6, 192.0.2.7', { peer: '10.0.0.1', client: '192.0.2.7' }],
  ['fe80::1%eth0', undefined, { peer: 'fe80::1', client: null }],
  ['::1', '2001:db8::1', { peer: '::1', client: '2001:db8::1' }],
  ['10.0.0.1', '<script>', { peer: '10.0.0.1', client: null }],
  [undefined, ['a', 'b'], { peer: null, client: null }],
])('takes of %j and X-Forwarded-For %j addresses alone', (peer, forwarded, expected) => {
  expect(sourceOf(peer, forwarded)).toEqual(expected);
});
