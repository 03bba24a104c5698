import { expect, it } from 'vitest';
import type { Origin, OriginFacts } from './identity.ts';
import { installationId, isOurs } from './identity.ts';

it('identifies an installation by its cluster, its place and its history, as a label’s value', () => {
  const id = installationId('cluster-uid', 'nkvm', '/var/lib/nkvm/metadata/nkvm.db');
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(installationId('cluster-uid', 'nkvm', '/var/lib/nkvm/metadata/nkvm.db')).toBe(id);
  for (const [cluster, place, path] of [
    ['other-uid', 'nkvm', '/var/lib/nkvm/metadata/nkvm.db'],
    ['cluster-uid', 'nkvm-2', '/var/lib/nkvm/metadata/nkvm.db'],
    ['cluster-uid', 'nkvm', '/data/nkvm.db'],
  ] as const)
    expect(installationId(cluster, place, path)).not.toBe(id);
});

const ours = { clusterUid: 'c', installation: 'i' };
const claim = { namespace: 'shop', pvc: 'orders-db', pvcUid: 'uid-1' };
const withoutIdentity = { clusterUid: null, installation: null };
const gone: Omit<OriginFacts, 'identity'> = { liveClaimUid: undefined, isKnown: false };

it.each<[string, Pick<Origin, 'clusterUid' | 'installation'>, Partial<OriginFacts>, boolean]>([
  ['of this cluster and installation', ours, {}, true],
  ['of another installation', { ...ours, installation: 'j' }, {}, false],
  [
    'of another installation, of a claim here',
    { ...ours, installation: 'j' },
    { liveClaimUid: 'uid-1' },
    false,
  ],
  ['of another cluster with the same path and namespace', { ...ours, clusterUid: 'd' }, {}, false],
  [
    'of another cluster, with a run id of ours',
    { ...ours, clusterUid: 'd' },
    { isKnown: true },
    false,
  ],
  ['of nobody in particular', withoutIdentity, {}, false],
  [
    'of nobody in particular, of a claim that exists',
    withoutIdentity,
    { liveClaimUid: 'uid-1' },
    true,
  ],
  [
    'of nobody in particular, of a claim made again',
    withoutIdentity,
    { liveClaimUid: 'uid-2' },
    false,
  ],
  ['of nobody in particular, of a run that we know', withoutIdentity, { isKnown: true }, true],
])('an archive %s', (_, origin, facts, expected) => {
  expect(isOurs({ ...claim, ...origin }, { identity: ours, ...gone, ...facts })).toBe(expected);
});
