import { expect, it } from 'vitest';
import { isLeftLock } from './nameLock.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 10, 20, 10, minutes));

it.each<[string, Date | undefined, Date | undefined, boolean]>([
  ['made just before the file', at(0), at(1), false],
  ['made while the file was there', at(5), at(0), false],
  ['that a publication of 15 minutes may still hold', at(0), at(15), false],
  ['that is old', at(0), at(31), true],
  ['of unknown age', undefined, at(31), false],
  ['beside a file of unknown age', at(0), undefined, false],
])('a lock %s', (_, lockAt, temporaryAt, isLeft) => {
  expect(isLeftLock(lockAt, temporaryAt)).toBe(isLeft);
});
