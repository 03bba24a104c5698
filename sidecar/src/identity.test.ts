import { expect, it } from 'vitest';
import type { Origin, OriginFacts } from './identity.ts';
import { installationId, isOurs, missingIdentity } from './identity.ts';

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

const createdAt = '2026-11-20T10:00:00Z';
const old = { uid: 'ns-1', createdAt: '2026-01-01T00:00:00Z' };
const young = { uid: 'ns-2', createdAt: '2026-11-21T00:00:00Z' };
const nothing = { clusterUid: null, namespaceUid: null, createdAt };

it.each([
  ['from before identities', nothing, old, { clusterUid: 'c', namespaceUid: 'ns-1' }],
  ['of a namespace that was made again since', nothing, young, { clusterUid: 'c' }],
  ['of a namespace that is gone', nothing, undefined, { clusterUid: 'c' }],
  ['of this cluster', { ...nothing, clusterUid: 'c' }, old, { namespaceUid: 'ns-1' }],
  ['of another cluster', { ...nothing, clusterUid: 'd' }, old, undefined],
  ['with all of it', { ...nothing, clusterUid: 'c', namespaceUid: 'ns-0' }, old, undefined],
  ['with a namespace', { ...nothing, namespaceUid: 'ns-0' }, old, { clusterUid: 'c' }],
])('a run %s', (_, run, live, change) => {
  expect(missingIdentity(run, 'c', live)).toEqual(change);
});
