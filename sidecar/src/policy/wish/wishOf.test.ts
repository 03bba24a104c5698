import { describe, expect, it } from 'vitest';
import { hasProblem } from './wish.ts';
import type { WishClaim, WishNamespace } from './wishOf.ts';
import { wishOf } from './wishOf.ts';

const SCHEDULE = 'nkvm.io/schedule';
const settings = { clusterUid: 'cluster-1', timeZone: 'Europe/Berlin' };
const claimWith = (
  backup: string | undefined,
  policyNotes: WishClaim['policyNotes'] = {}
): WishClaim => ({
  namespace: 'shop',
  name: 'data',
  labels: backup === undefined ? {} : { backup },
  policyNotes,
});
const read = (claim: WishClaim, namespace: WishNamespace = {}) =>
  wishOf(claim, namespace, settings);

describe('the schedule of a claim', () => {
  it.each<[string, WishClaim, WishNamespace, string | null]>([
    ['nothing asks for it', claimWith(undefined), {}, null],
    ['the label of the claim', claimWith('hourly'), {}, 'claim label hourly'],
    [
      'the label of the namespace',
      claimWith(undefined),
      { backupLabel: 'weekly' },
      'namespace label weekly',
    ],
    [
      'the claim before the namespace',
      claimWith('hourly'),
      { backupLabel: 'weekly' },
      'claim label hourly',
    ],
    [
      'the annotation before the label',
      claimWith('hourly', { [SCHEDULE]: '30 2 * * *' }),
      {},
      'claim annotation 30 2 * * *',
    ],
    [
      'the label of the claim before the annotation of the namespace',
      claimWith('hourly'),
      { policyNotes: { [SCHEDULE]: '30 2 * * *' } },
      'claim label hourly',
    ],
    [
      'the annotation of the namespace before its label',
      claimWith(undefined),
      { backupLabel: 'weekly', policyNotes: { [SCHEDULE]: '30 2 * * *' } },
      'namespace annotation 30 2 * * *',
    ],
    ['off on the claim', claimWith('off'), { backupLabel: 'weekly' }, null],
    ['off on the namespace', claimWith(undefined), { backupLabel: 'off' }, null],
    [
      'off on the namespace, and the claim asks',
      claimWith('daily'),
      { backupLabel: 'off' },
      'claim label daily',
    ],
  ])('%s', (_, claim, namespace, expected) => {
    const { schedule, problems } = read(claim, namespace);
    expect(schedule && `${schedule.setOn} ${schedule.setBy} ${schedule.text}`).toBe(expected);
    expect(problems).toEqual([]);
  });

  it('is off only where it says so', () => {
    expect(read(claimWith('off'), { backupLabel: 'weekly' }).isOff).toBe(true);
    expect(read(claimWith(undefined), { backupLabel: 'off' }).isOff).toBe(true);
    expect(read(claimWith(undefined)).isOff).toBe(false);
  });

  it('has a time of its own in the time zone of the settings', () => {
    const { schedule } = read(claimWith('daily'));
    expect(schedule?.timeZone).toBe('Europe/Berlin');
    expect(schedule?.cron).toMatch(/^\d+ \d+ \* \* \*$/);
    expect(read({ ...claimWith('daily'), name: 'other' }).schedule?.cron).not.toBe(schedule?.cron);
  });
});

describe('a value that is not valid', () => {
  it.each<[string, WishClaim, WishNamespace, string]>([
    ['the label', claimWith('hourl'), { backupLabel: 'daily' }, 'backup'],
    ['an empty label', claimWith(''), { backupLabel: 'daily' }, 'backup'],
    ['cron in the label', claimWith('30'), {}, 'backup'],
    ['the label of the namespace', claimWith(undefined), { backupLabel: 'true' }, 'backup'],
    ['the schedule', claimWith('daily', { [SCHEDULE]: '30 2 30 2 *' }), {}, SCHEDULE],
    ['the drill', claimWith('daily', { 'nkvm.io/drill': 'often' }), {}, 'nkvm.io/drill'],
    ['the rules', claimWith('daily', { 'nkvm.io/keep': 'daily=none' }), {}, 'nkvm.io/keep'],
    [
      'the hold',
      claimWith('daily', { 'nkvm.io/hold-until': '2027-02-30' }),
      {},
      'nkvm.io/hold-until',
    ],
    ['the way to start', claimWith('daily', { 'nkvm.io/start': 'soon' }), {}, 'nkvm.io/start'],
    [
      'the accepted change',
      claimWith('daily', { 'nkvm.io/accept-change': 'true' }),
      {},
      'nkvm.io/accept-change',
    ],
    [
      'the increments',
      claimWith('daily', { 'nkvm.io/incremental': 'daily' }),
      {},
      'nkvm.io/incremental',
    ],
    ['the suspension', claimWith('daily', { 'nkvm.io/suspend': 'yes' }), {}, 'nkvm.io/suspend'],
  ])('%s is a problem, and nothing takes its place', (_, claim, namespace, key) => {
    const wish = read(claim, namespace);
    expect(wish.problems.map(problem => problem.key)).toEqual([key]);
    expect(hasProblem(wish, key)).toBe(true);
    expect(wish.problems[0]?.hint).toBeTruthy();
    expect(wish.schedule === null).toBe(key === 'backup' || key === SCHEDULE);
    expect(wish.holdUntil).toBeNull();
    expect(wish.suspended).toBe(false);
    expect(wish.acceptChange).toBeNull();
  });

  it('is cut in its message', () => {
    const wish = read(claimWith('daily', { [SCHEDULE]: 'x'.repeat(200_000) }));
    expect(wish.problems[0]?.value).toHaveLength(100);
    expect(wish.problems[0]?.message.length).toBeLessThan(400);
  });
});

describe('the other annotations', () => {
  it('are read', () => {
    const wish = read(
      claimWith('daily', {
        'nkvm.io/keep': 'last=5,daily=7',
        'nkvm.io/hold-until': '2027-01-31',
        'nkvm.io/drill': 'weekly',
        'nkvm.io/start': 'empty',
        'nkvm.io/accept-change': '01k2j3h4g5f6d7s8a9q0w1e2r3',
        'nkvm.io/suspend': 'true',
      })
    );
    expect(wish).toMatchObject({
      keep: { text: 'last=5,daily=7', rules: { last: 5, daily: 7 }, setOn: 'claim' },
      holdUntil: '2027-02-01T00:00:00.000Z',
      drill: { preset: 'weekly' },
      start: { kind: 'empty' },
      acceptChange: '01k2j3h4g5f6d7s8a9q0w1e2r3',
      suspended: true,
      problems: [],
    });
    expect(wish.drill?.cron).not.toBe(read(claimWith('weekly')).schedule?.cron);
  });

  it.each(['nkvm.io/keep', 'nkvm.io/drill', 'nkvm.io/suspend'])('%s is inherited', key => {
    const text = { 'nkvm.io/keep': 'last=5', 'nkvm.io/drill': 'off', 'nkvm.io/suspend': 'true' }[
      key
    ];
    const other = {
      'nkvm.io/keep': 'last=9',
      'nkvm.io/drill': 'weekly',
      'nkvm.io/suspend': 'false',
    }[key];
    const namespace = { policyNotes: { [key]: other ?? '' } };
    const [own, inherited] = [
      read(claimWith('daily', { [key]: text ?? '' }), namespace),
      read(claimWith('daily'), namespace),
    ];
    expect([own.keep?.text, own.drill?.text, own.suspended]).not.toEqual([
      inherited.keep?.text,
      inherited.drill?.text,
      inherited.suspended,
    ]);
  });

  it('a hold is inherited', () => {
    const namespace = { policyNotes: { 'nkvm.io/hold-until': '2027-01-31' } };
    expect(read(claimWith('daily'), namespace).holdUntil).toBe('2027-02-01T00:00:00.000Z');
  });

  it.each(['nkvm.io/start', 'nkvm.io/accept-change'])('%s is not', key => {
    const wish = read(claimWith('daily'), { policyNotes: { [key]: '2027-01-31' } });
    expect([wish.start, wish.acceptChange]).toEqual([null, null]);
    expect(wish.problems).toEqual([]);
  });

  it.each<[string, string | null]>([
    ['2027-01-31', '2027-02-01T00:00:00.000Z'],
    ['2027-01-31T12:00:00Z', '2027-01-31T12:00:00.000Z'],
    ['2027-01-31T12:00:00+02:00', '2027-01-31T10:00:00.000Z'],
    ['9999-12-31', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59-05:00', '9999-12-31T23:59:59.999Z'],
    ['31.1.2027', null],
    ['2027-02-30', null],
    ['2027-02-30T00:00:00Z', null],
    ['2027', null],
    ['forever', null],
  ])('a hold until %s', (text, expected) =>
    expect(read(claimWith('daily', { 'nkvm.io/hold-until': text })).holdUntil).toBe(expected)
  );
});
