import { expect, it } from 'vitest';
import { directDoubts } from './doubts.ts';

it('remembers for a while that direct uploads failed, for one destination and one namespace', () => {
  let now = 0;
  const doubts = directDoubts(() => now, 1000);
  doubts.note('offsite', 'shop', 'it cannot be reached');
  expect(doubts.of('offsite', 'shop')).toBe('it cannot be reached');
  expect(doubts.of('offsite', 'web')).toBeUndefined();
  expect(doubts.of('other', 'shop')).toBeUndefined();
  now = 1000;
  expect(doubts.of('offsite', 'shop')).toBeUndefined();
});

it('forgets it when one works', () => {
  const doubts = directDoubts(() => 0);
  doubts.note('offsite', 'shop', 'it cannot be reached');
  doubts.clear('offsite', 'shop');
  expect(doubts.of('offsite', 'shop')).toBeUndefined();
});
