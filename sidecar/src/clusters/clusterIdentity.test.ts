import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { IdentityFacts } from './clusterIdentity.ts';
import { historyPathOf, identityProblem, readKnownUid, writeKnownUid } from './clusterIdentity.ts';

const facts: IdentityFacts = {
  ...{ name: 'edge', uid: 'uid-edge', known: undefined },
  others: new Map([['home', 'uid-home']]),
};

it.each<[string, Partial<IdentityFacts>, string | undefined]>([
  ['takes a cluster that is new', {}, undefined],
  ['takes the cluster that had the name before', { known: 'uid-edge' }, undefined],
  [
    'refuses another cluster under the name of one with a history',
    { known: 'uid-x' },
    'ClusterReplaced',
  ],
  ['refuses the own cluster under another name', { uid: 'uid-home' }, 'ClusterKnownAlready'],
])('%s', (_, seen, reason) => {
  expect(identityProblem({ ...facts, ...seen })?.reason).toBe(reason);
});

it('remembers the UID beside the history', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nkvm-identity-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const path = historyPathOf(join(dir, 'nkvm.db'), 'edge');
  expect(await readKnownUid(path)).toBeUndefined();
  await writeKnownUid(path, 'uid-edge');
  expect(await readKnownUid(path)).toBe('uid-edge');
  expect(await readKnownUid(historyPathOf(join(dir, 'nkvm.db'), 'other'))).toBeUndefined();
});
