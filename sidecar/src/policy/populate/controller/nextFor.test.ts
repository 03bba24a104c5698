import { describe, expect, it } from 'vitest';
import { exampleRestore } from '../../../testing/history/exampleRestore.ts';
import type { Candidate, Decision } from '../decision.ts';
import { statusOf } from './conditions.ts';
import type { ClaimNow, Next } from './nextFor.ts';
import { nextFor, sayOfRun } from './nextFor.ts';
import { failuresOf } from './pastRuns.ts';

const NOW = new Date('2026-11-27T06:00:00.000Z');
const candidate: Candidate = {
  ...{ source: '01kbackup', backup: '01kbackup', destination: 'local', key: 'a.tar.gz' },
  ...{ createdAt: '2026-11-20T00:00:00.000Z', cluster: 'kind', clusterUid: 'cluster-uid' },
  ...{ neededBytes: 1_000, proof: 'contents', isSafety: false },
};
const restore: Decision = { kind: 'restore', candidate, message: 'backup 01k', passedOver: [] };
const why = { reason: 'Unreachable', message: 's3 did not answer', hint: 'wait' };
const base: ClaimNow = {
  claim: { storageClass: 'fast', waitsForFirstConsumer: false },
  ...{ node: null, decision: restore, failures: [], now: NOW },
};
const waits = { ...base.claim, waitsForFirstConsumer: true };
const run = (change: Parameters<typeof exampleRestore>[0]) =>
  exampleRestore(
    { status: 'failed', endedAt: '2026-11-27T05:59:50.000Z', ...change },
    { populates: { backup: '01kbackup', node: null } }
  );
const transient = run({ failureClass: 'transient', reason: 'StreamBroke' });

describe('nextFor', () => {
  it.each<[string, Partial<ClaimNow>, Next['do'], string]>([
    ['restores', {}, 'restore', 'Restoring'],
    [
      'waits for what is away',
      { decision: { kind: 'wait', retryMs: 5, ...why } },
      'nothing',
      'Unreachable',
    ],
    [
      'leaves a conflict to a person',
      { decision: { kind: 'ask', retryMs: 5, choices: [], ...why } },
      'nothing',
      'Unreachable',
    ],
    [
      'says why a claim is none of ours',
      { decision: { kind: 'ignore', ...why } },
      'nothing',
      'Unreachable',
    ],
    [
      'waits for the first pod where the class does',
      { claim: waits },
      'nothing',
      'WaitForFirstConsumer',
    ],
    [
      'restores where the scheduler wants the volume',
      { claim: waits, node: 'node-a' },
      'restore',
      'Restoring',
    ],
    [
      'does not take any volume without a class',
      { claim: { ...waits, storageClass: null } },
      'nothing',
      'NoStorageClass',
    ],
    ['pauses after a failure', { failures: failuresOf([transient]) }, 'nothing', 'StreamBroke'],
    [
      'tries again when the pause is over',
      { failures: failuresOf([run({ endedAt: '2026-11-27T05:59:00.000Z' })]) },
      'restore',
      'Restoring',
    ],
    [
      'does not pause for another backup',
      {
        failures: failuresOf([
          exampleRestore({ status: 'failed' }, { populates: { backup: 'other', node: null } }),
        ]),
      },
      'restore',
      'Restoring',
    ],
    [
      'starts empty',
      { decision: { kind: 'empty', startedEmpty: 'none-found', message: 'none' } },
      'start-empty',
      'StartingEmpty',
    ],
    [
      'starts empty at once after a failure when a person says so',
      {
        decision: { kind: 'empty', startedEmpty: 'decided', message: 'none' },
        failures: failuresOf([transient]),
      },
      'start-empty',
      'StartingEmpty',
    ],
  ])('%s', (_, change, expected, reason) => {
    const next = nextFor({ ...base, ...change });
    expect([next.do, next.say.reason]).toEqual([expected, reason]);
  });
});

it('waits longer after each failure, ten minutes at most', () => {
  const pauseSeconds = (count: number): number => {
    const [failure] = failuresOf(Array.from({ length: count }, () => transient));
    return (Date.parse(failure?.retryAt ?? '') - Date.parse(failure?.at ?? '')) / 1_000;
  };
  expect([1, 2, 3, 4, 5, 6, 20].map(pauseSeconds)).toEqual([30, 60, 120, 240, 480, 600, 600]);
});

it('tries a restore again that a person has cancelled', () => {
  const [failure] = failuresOf([run({ status: 'cancelled', reason: null })]);
  expect(failure).toMatchObject({ reason: 'Cancelled', attempts: 1 });
});

it('says what a run is doing, and why it waits', () => {
  expect(sayOfRun(run({ status: 'running', stage: 'copy' }))).toMatchObject({ state: 'restoring' });
  expect(sayOfRun(run({ status: 'running', stage: 'publish' }))).toMatchObject({
    state: 'binding',
  });
  const queued = { status: 'queued', reason: 'StreamBroke', retryAt: '2026-11-27T06:01:00.000Z' };
  expect(sayOfRun(run(queued as never))).toMatchObject({ reason: 'StreamBroke' });
});

it.each([
  ['restoring', 'False True False'],
  ['waiting', 'False True False'],
  ['needs-decision', 'False False True'],
  ['bound', 'True False False'],
] as const)('shows %s as kstatus reads it', (state, expected) => {
  const { conditions } = statusOf({ ...sayOfRun(transient), state, since: NOW.toISOString() });
  expect(conditions.map(({ type }) => type)).toEqual(['Ready', 'Reconciling', 'Stalled']);
  expect(conditions.map(({ status }) => status).join(' ')).toBe(expected);
});

it('shows the backups that a person can choose, and those of other clusters', () => {
  const of = (backup: string, day: number, cluster: string): Candidate => ({
    ...{ ...candidate, backup, cluster },
    createdAt: `2026-11-${day}T00:00:00.000Z`,
  });
  const decision = {
    ...{ kind: 'ask' as const, retryMs: 5, ...why },
    ...{ choices: [of('a', 10, 'prod')], others: [of('b', 11, 'dev')] },
  };
  const { say } = nextFor({ ...base, decision });
  expect(say.choices).toEqual([
    expect.objectContaining({ backup: 'b', cluster: 'dev', allowed: false }),
    expect.objectContaining({ backup: 'a', cluster: 'prod', allowed: true }),
  ]);
});
