import { expect, it } from 'vitest';
import { rowAfter } from './gridKeys';

it.each<[string, number, number | undefined]>([
  ['ArrowDown', -1, 0],
  ['ArrowDown', 4, 5],
  ['ArrowDown', 99, 99],
  ['ArrowUp', 0, 0],
  ['ArrowUp', -1, 0],
  ['PageDown', 5, 15],
  ['PageDown', -1, 10],
  ['PageUp', 5, 0],
  ['Home', 50, 0],
  ['End', 50, 99],
  ['a', 50, undefined],
])('%s leads from row %d to %s', (key, active, expected) =>
  expect(rowAfter(key, { active, count: 100, pageRows: 10 })).toBe(expected)
);

it('leads nowhere where there are no rows', () => {
  expect(rowAfter('End', { active: -1, count: 0, pageRows: 10 })).toBeUndefined();
});
