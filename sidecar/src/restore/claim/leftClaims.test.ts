import { describe, expect, it } from 'vitest';
import type { RestoreMark } from '../../cluster/writes/restoreMark.ts';
import { restoreMarkOf } from '../../cluster/writes/restoreMark.ts';
import { memoryClaims } from '../../testing/cluster/memoryClaims.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { leftClaims, verdictOnLeft } from './leftClaims.ts';

const mark: RestoreMark = { state: 'restoring', runId: '01a', installation: 'mine' };
const run = { status: 'failed', endedAt: '2026-01-01T00:00:00Z', uid: 'u' };

describe('verdictOnLeft', () => {
  it.each<[string, RestoreMark, Parameters<typeof verdictOnLeft>[1], string]>([
    ['of another installation', { ...mark, installation: 'other' }, undefined, 'leave'],
    ['whose installation is not known', { ...mark, installation: null }, undefined, 'leave'],
    ['of a run under way', mark, { ...run, status: 'running', endedAt: null }, 'leave'],
    ['of a run that waits', mark, { ...run, status: 'queued', endedAt: null }, 'leave'],
    ['of a run that failed', mark, run, 'delete'],
    ['of a run that was cancelled', mark, { ...run, status: 'cancelled' }, 'delete'],
    ['of an unknown run', mark, undefined, 'delete'],
    ['that its run has proven', mark, { ...run, status: 'success' }, 'keep'],
    [
      'of a run that has proven another one',
      mark,
      { ...run, status: 'success', uid: 'v' },
      'delete',
    ],
    ['that is incomplete', { ...mark, state: 'incomplete' }, run, 'delete'],
  ])('a claim %s', (_, seen, its, verdict) => {
    expect(verdictOnLeft({ uid: 'u', mark: seen }, its, 'mine')).toBe(verdict);
  });
});

it('deletes what is left, and says so once', async () => {
  const claims = memoryClaims();
  const make = (name: string, runId: string) =>
    claims.create({
      ...{ namespace: 'shop', name, labels: {}, accessModes: [], size: '1Gi' },
      annotations: { 'nkvm.io/restoring': runId, 'nkvm.io/installation': 'mine' },
    });
  await make('left', '01failed');
  await make('proven', '01proven');
  await claims.create({
    ...{ namespace: 'shop', name: 'other', labels: {}, annotations: {} },
    ...{ accessModes: [], size: '1Gi' },
  });
  const proven = claims.all.get('shop/proven')?.uid ?? '';
  const runs = [
    { ...exampleRun({ id: '01failed' }), status: 'failed' as const },
    { ...exampleRun({ id: '01proven' }), uid: proven },
  ];
  const said: string[] = [];
  const look = leftClaims({
    claims,
    inventory: {
      isReady: () => true,
      claims: () =>
        [...claims.all.values()].map(({ namespace, name, uid, annotations }) =>
          testClaim({ namespace, name, uid, restoreMark: restoreMarkOf(annotations) })
        ),
    },
    history: { get: id => runs.find(each => each.id === id) },
    installation: 'mine',
    log: { info: () => undefined, warn: (_, text) => said.push(text) },
  });
  await look();
  await look();
  expect([...claims.all.keys()]).toEqual(['shop/proven', 'shop/other']);
  expect(claims.all.get('shop/proven')?.annotations).toEqual({});
  expect(said).toHaveLength(2);
});
