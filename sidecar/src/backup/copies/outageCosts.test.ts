import { describe, expect, it } from 'vitest';
import type { PlaceOutage } from '../../destinations/places.ts';
import { PausedError } from '../../destinations/places/health.ts';
import { StageError } from '../../errors.ts';
import { outageCosts } from './outageCosts.ts';
import type { ClosedTarget, OpenTarget } from './targets.ts';
import { pauseOf, untilMs } from './targets.ts';

const failing: PlaceOutage = { since: 1, isPaused: false, isClosed: true };
const paused: PlaceOutage = { since: 1, isPaused: true, isClosed: true };

/** @param first the outage in which one run has failed before. */
const excuseOf = (
  id: string,
  before: PlaceOutage | undefined,
  after: PlaceOutage | undefined,
  first = failing
) => {
  let now: PlaceOutage | undefined = first;
  const costs = outageCosts({ get: () => ({ outage: () => now } as never) });
  costs.begin('first', ['x']).excuse();
  now = before;
  const cost = costs.begin(id, ['x']);
  now = after;
  return cost.excuse();
};

describe('an attempt that failed', () => {
  it.each<[string, string, PlaceOutage | undefined, PlaceOutage | undefined, boolean]>([
    ['counts where the destination works', 'other', undefined, undefined, true],
    ['counts for the run that paid for the outage, again', 'first', failing, failing, true],
    ['does not count for the others', 'other', undefined, failing, false],
    ['does not count when it was the trial after a pause', 'first', paused, paused, false],
    ['counts in the next outage', 'other', undefined, { ...failing, since: 9 }, true],
  ])('%s', (_, id, before, after, counts) =>
    expect(excuseOf(id, before, after)).toBe(counts ? undefined : 'destination x is unavailable')
  );

  it('counts where one of its destinations works', () => {
    const costs = outageCosts({
      get: name => ({ outage: () => (name === 'x' ? paused : undefined) } as never),
    });
    expect(costs.begin('a', ['x', 'y']).excuse()).toBeUndefined();
  });
});

describe('pauseOf', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 26, 20, minute));
  const closed = (name: string, minute: number, isRequired = true): ClosedTarget => ({
    ...{ name, isRequired },
    problem: new PausedError(name, at(minute), undefined),
  });
  const open = (name: string, isRequired = true) =>
    ({ name, isRequired, destination: {} } as OpenTarget);
  const gone: ClosedTarget = {
    ...{ name: 'gone', isRequired: true },
    problem: new StageError('copy', 'DestinationUnknown', 'gone', 'fix', 'needs-action'),
  };
  it.each<[string, (OpenTarget | ClosedTarget)[], Date | undefined]>([
    ['waits for the one that is paused the shortest', [closed('x', 2), closed('y', 1)], at(1)],
    ['goes on where another required one is open', [closed('x', 2), open('y')], undefined],
    ['waits where only an optional one is open', [closed('x', 2), open('y', false)], at(2)],
    ['goes on where only an optional one is paused', [closed('x', 2, false), open('y')], undefined],
    ['waits where optional ones alone are asked for', [closed('x', 2, false)], at(2)],
    ['waits where no other can be written to', [closed('x', 2), gone], at(2)],
    ['does not wait for what a person has to change', [gone], undefined],
  ])('%s', (_, targets, expected) => expect(pauseOf(targets)?.retryAt).toEqual(expected));

  it('waits for a second at least', () =>
    expect(
      [at(0), at(1), at(3)].map(now => untilMs(closed('x', 2).problem as PausedError, now))
    ).toEqual([120_000, 60_000, 1000]));
});
