import { beforeEach, describe, expect, it } from 'vitest';
import type { BackupSummary } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { everyMs } from '../../testing/policy/testSlots.ts';
import type { CoverageWish, CoverageWorld } from './coverage.ts';
import { coverageOf } from './coverage.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-20T12:10:00.000Z');
const good = (hours: number): BackupSummary => ({
  id: `b${hours}`,
  status: 'success',
  stage: 'cleanup',
  createdAt: new Date(NOW - hours * HOUR).toISOString(),
  endedAt: null,
  bytes: 1,
  message: 'proven',
  presentAt: ['local'],
  hasWarnings: false,
});

let now: number;
let last: BackupSummary | null;
let wish: CoverageWish;
beforeEach(() => {
  now = NOW;
  last = good(1);
  wish = {
    schedule: {
      text: 'hourly',
      cron: '0 * * * *',
      timeZone: 'UTC',
      setOn: 'claim',
      setBy: 'label',
    },
    isOff: false,
    suspended: false,
    holdUntil: null,
    drill: null,
    problems: [],
  };
});

const coverage = (change: Partial<CoverageWorld> = {}) =>
  coverageOf({
    inventory: { claims: () => [testClaim()], namespace: () => undefined },
    history: {
      ofClaim: () => ({ lastBackup: last, lastSuccess: last, lastProvenRestore: null }),
      backupsSince: () => [],
      prunedUntil: () => null,
      checkFailure: () => null,
    },
    open: { known: async () => true },
    wanted: () => ({ wish, slots: wish.schedule && everyMs(HOUR) }),
    now: () => new Date(now),
    ...change,
  });
const look = async (change: Partial<CoverageWorld> = {}, claim: Partial<Claim> = {}) => {
  const [policy] = await coverage(change).ofEach([testClaim(claim)]);
  return { state: policy?.state, nextRunAt: policy?.nextRunAt };
};

describe('a volume with a schedule', () => {
  it('has its next run', async () => {
    expect(await look()).toEqual({ state: 'protected', nextRunAt: '2026-11-20T13:00:00.000Z' });
  });

  it.each<[string, Partial<CoverageWorld>, Partial<Claim>]>([
    ['it is being deleted', {}, { terminating: true, deletingSince: '2026-11-20T12:00:00Z' }],
    ['the settings switch schedules off', { areSchedulesOn: false }, {}],
    [
      'its restore has no result',
      {},
      { restoreMark: { state: 'restoring', runId: 'r', installation: 'i' } },
    ],
    [
      'it asks NKVM for its volume',
      {},
      {
        phase: 'Pending',
        dataSource: {
          apiGroup: 'nkvm.io',
          kind: 'BackupRestore',
          name: 'orders-db',
          namespace: null,
        },
      },
    ],
  ])('has no next run where %s', async (_, change, claim) => {
    expect((await look(change, claim)).nextRunAt).toBeNull();
  });

  it.each([
    ['misses the slots of a day without a run', null, 24],
    ['misses none where the history was pruned since', '2026-11-20T00:00:00.000Z', 0],
  ])('%s', async (_, until, missed) => {
    const run = { createdAt: '2026-11-18T00:00:00.000Z', status: 'success', priority: 'scheduled' };
    const history = {
      ...{ ofClaim: () => ({ lastBackup: last, lastSuccess: last, lastProvenRestore: null }) },
      ...{ checkFailure: () => null, prunedUntil: () => until },
      backupsSince: () => [run] as ReturnType<CoverageWorld['history']['backupsSince']>,
    };
    const { days } = await coverage({ history }).of(testClaim());
    expect(days.find(({ date }) => date === '2026-11-19')).toMatchObject({ missed });
  });

  it('has no next run where it is suspended', async () => {
    wish = { ...wish, suspended: true };
    expect(await look()).toEqual({ state: 'suspended', nextRunAt: null });
  });

  it('has the run that is made up as its next one, when it is overdue', async () => {
    last = good(5);
    const soon = new Date(NOW + 1_000);
    expect(await look({ nextRunOf: () => soon })).toEqual({
      state: 'overdue',
      nextRunAt: soon.toISOString(),
    });
    expect((await coverage({ nextRunOf: () => null }).of(testClaim())).nextRunAt).toBe(
      '2026-11-20T13:00:00.000Z'
    );
  });

  it('is not overdue at once when the schedule is set on an old claim, or resumed', async () => {
    last = null;
    const { ofEach } = coverage();
    const state = async () => (await ofEach([testClaim()]))[0]?.state;
    const { schedule } = wish;
    wish = { ...wish, schedule: null };
    expect(await state()).toBe('unprotected');
    now += 1;
    wish = { ...wish, schedule };
    expect(await state()).toBe('waiting');
    now += 110 * 60_000;
    expect(await state()).toBe('overdue');
    wish = { ...wish, suspended: true };
    expect(await state()).toBe('suspended');
    wish = { ...wish, suspended: false };
    expect(await state()).toBe('waiting');
  });
});

it('is invalid where the schedule is, and says of other values what is wrong', async () => {
  const problem = (key: string) => ({ key, message: `${key} is wrong`, hint: 'use another' });
  wish = { ...wish, schedule: null, problems: [problem('backup')] };
  expect((await look()).state).toBe('invalid');
  wish = { ...wish, problems: [problem('nkvm.io/keep')] };
  expect((await coverage().of(testClaim())).reasons).toMatchObject([
    { reason: 'NoSchedule' },
    { reason: 'InvalidValue', message: 'nkvm.io/keep is wrong' },
  ]);
});
