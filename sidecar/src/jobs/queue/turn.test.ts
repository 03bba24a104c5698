import { describe, expect, it } from 'vitest';
import type { Queued } from './lanes.ts';
import { Lanes } from './lanes.ts';
import type { Served } from './turn.ts';
import { nextTurn, placesOf } from './turn.ts';

const run = (id: string, change: Partial<Queued> = {}): Queued => ({
  id,
  namespace: 'shop',
  priority: 'on-demand',
  ...change,
});
const team = (id: string) => run(id, { namespace: 'team' });

const lanesOf = (runs: readonly Queued[]): Lanes<Queued> => {
  const lanes = new Lanes<Queued>();
  runs.forEach(each => lanes.add(each));
  return lanes;
};
const counts = (record: Record<string, number>) => new Map(Object.entries(record));
const idle: Served = { running: new Map(), lastServed: new Map() };

const next = (
  queue: Queued[],
  served: Partial<Served> = {},
  mayStart: (run: Queued) => boolean = () => true
) => nextTurn(lanesOf(queue), { ...idle, ...served }, mayStart)?.id;
const order = (queue: Queued[], served: Partial<Served> = {}) => [
  ...placesOf(lanesOf(queue), { ...idle, ...served }).keys(),
];

describe('nextTurn', () => {
  it('chooses nothing from nothing', () => expect(next([])).toBeUndefined());

  it('chooses the oldest', () => {
    expect(next([run('2'), run('1'), run('3')])).toBe('1');
  });

  it('serves people before schedules, and restores before both', () => {
    const scheduled = run('1', { priority: 'scheduled' });
    expect(next([scheduled, run('2')])).toBe('2');
    expect(next([scheduled, run('2'), run('3', { priority: 'restore' })])).toBe('3');
  });

  it('passes over a run that may not start', () => {
    const mayStart = ({ id }: Queued) => id !== '1';
    expect(next([run('1'), run('2')], {}, mayStart)).toBe('2');
    expect(next([run('1'), run('2', { priority: 'scheduled' })], {}, mayStart)).toBe('2');
    expect(next([run('1')], {}, mayStart)).toBeUndefined();
  });

  it('prefers the namespace that has fewer runs under way', () => {
    expect(next([run('1'), team('2')], { running: counts({ shop: 1 }) })).toBe('2');
  });

  it('prefers the namespace that was served longest ago, when runs go one by one', () => {
    const queue = [run('1'), team('2'), run('3', { namespace: 'new' })];
    expect(next(queue, { lastServed: counts({ team: 1, shop: 2 }) })).toBe('3');
    expect(next(queue.slice(0, 2), { lastServed: counts({ team: 2, shop: 3 }) })).toBe('2');
  });
});

describe('placesOf', () => {
  it('lets one run of another namespace wait for one of 200, not for all', () => {
    const queue = Array.from({ length: 200 }, (_, index) => run(String(index).padStart(3, '0')));
    const ids = order([...queue, team('999')]);
    expect(ids).toHaveLength(201);
    expect(ids.indexOf('999')).toBe(1);
    expect(ids.filter(id => id !== '999')).toEqual(queue.map(({ id }) => id));
  });

  it('takes turns', () => {
    const queue = ['1', '2', '3'].map(id => run(id));
    expect(order([...queue, team('4'), team('5')])).toEqual(['1', '4', '2', '5', '3']);
  });

  it('is the order in which runs start, when each ends before the next one starts', () => {
    const queue = [
      ...['01', '05', '06', '07'].map(id => run(id)),
      ...['02', '08'].map(team),
      run('03', { namespace: 'new' }),
      run('04', { namespace: 'new', priority: 'scheduled' }),
      run('09', { priority: 'scheduled' }),
      run('10', { namespace: 'team', priority: 'scheduled' }),
      run('11', { namespace: 'late', priority: 'restore' }),
    ];
    const lanes = lanesOf(queue);
    const lastServed = counts({ shop: 1 });
    const expected = [...placesOf(lanes, { ...idle, lastServed }).keys()];
    const started: string[] = [];
    for (;;) {
      const turn = nextTurn(lanes, { ...idle, lastServed }, () => true);
      if (!turn) break;
      lanes.remove(turn);
      started.push(turn.id);
      lastServed.set(turn.namespace, started.length + 1);
    }
    expect(started).toEqual(expected);
  });

  it('looks at each run a few times, however many there are', () => {
    const looks = (length: number): number => {
      let count = 0;
      const counted = Array.from({ length }, (_, index) => ({
        priority: 'on-demand' as const,
        namespace: `team-${index % 200}`,
        get id() {
          count += 1;
          return String(index).padStart(6, '0');
        },
      }));
      const lanes = lanesOf(counted);
      count = 0;
      placesOf(lanes, idle);
      return count / length;
    };
    expect(looks(10_000)).toBeLessThan(2);
    expect(looks(10_000)).toBeLessThanOrEqual(looks(1_000));
  });
});
