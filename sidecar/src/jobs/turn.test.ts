import { describe, expect, it } from 'vitest';
import type { Limits, Served, Turn } from './turn.ts';
import { inTurn, nextTurn } from './turn.ts';

const turn = (id: string, change: Partial<Turn> = {}): Turn => ({
  id,
  namespace: 'shop',
  priority: 'on-demand',
  node: null,
  ...change,
});
const idle: Served = { running: [], namespaces: [] };
const limits: Limits = { total: 2, perNode: 1 };
const next = (queue: Turn[], served: Partial<Served> = {}, change: Partial<Limits> = {}) =>
  nextTurn(queue, { ...idle, ...served }, { ...limits, ...change })?.id;

describe('nextTurn', () => {
  it('chooses nothing from nothing, and nothing when as many run as may', () => {
    expect(next([])).toBeUndefined();
    expect(next([turn('3')], { running: [turn('1'), turn('2')] })).toBeUndefined();
  });

  it('chooses the oldest', () => {
    expect(next([turn('2'), turn('1'), turn('3')])).toBe('1');
  });

  it('serves people before schedules, and restores before both', () => {
    const scheduled = turn('1', { priority: 'scheduled' });
    expect(next([scheduled, turn('2')])).toBe('2');
    expect(next([scheduled, turn('2'), turn('3', { priority: 'restore' })])).toBe('3');
  });

  it('goes past a run whose node is full', () => {
    const running = [turn('0', { node: 'a' })];
    expect(next([turn('1', { node: 'a' }), turn('2', { node: 'b' })], { running })).toBe('2');
    expect(next([turn('1', { node: 'a' }), turn('2')], { running })).toBe('2');
    expect(next([turn('1', { node: 'a' })], { running })).toBeUndefined();
    expect(next([turn('1', { node: 'a' })], { running }, { perNode: 2 })).toBe('1');
  });

  it('prefers the namespace that has fewer runs under way', () => {
    const queue = [turn('1'), turn('2', { namespace: 'team' })];
    expect(next(queue, { running: [turn('0')] })).toBe('2');
  });

  it('prefers the namespace that was served longest ago, when runs go one by one', () => {
    const queue = [turn('1'), turn('2', { namespace: 'team' }), turn('3', { namespace: 'new' })];
    expect(next(queue, { namespaces: ['team', 'shop'] })).toBe('3');
    expect(next(queue.slice(0, 2), { namespaces: ['team', 'shop', 'shop'] })).toBe('2');
  });
});

describe('inTurn', () => {
  it('lets one run of another namespace wait for one of 200, not for all', () => {
    const queue = Array.from({ length: 200 }, (_, index) => turn(String(index).padStart(3, '0')));
    const order = inTurn([...queue, turn('999', { namespace: 'team' })], idle).map(({ id }) => id);
    expect(order).toHaveLength(201);
    expect(order.indexOf('999')).toBe(1);
    expect(order.filter(id => id !== '999')).toEqual(queue.map(({ id }) => id));
  });

  it('takes turns', () => {
    const queue = ['1', '2', '3'].map(id => turn(id));
    const team = ['4', '5'].map(id => turn(id, { namespace: 'team' }));
    expect(inTurn([...queue, ...team], idle).map(({ id }) => id)).toEqual([
      '1',
      '4',
      '2',
      '5',
      '3',
    ]);
  });
});
