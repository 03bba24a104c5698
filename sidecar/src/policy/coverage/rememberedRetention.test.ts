import { expect, it } from 'vitest';
import type { RetentionSummary } from '../../../api/index.ts';
import { testClaim } from '../../testing/testClaim.ts';
import { rememberedRetention } from './rememberedRetention.ts';

it('plans as many volumes of a list as the time allows, the others with the next lists', () => {
  let now = 0;
  const planned: string[] = [];
  const begin = rememberedRetention(
    ({ name }) => {
      now += 90;
      planned.push(name);
      const about = { destination: 'local', keep: '', kept: planned.length, removed: 0 };
      return [{ ...about, removedBytes: 0, hold: null } satisfies RetentionSummary];
    },
    () => now
  );
  const claims = ['a', 'b', 'c', 'd', 'e'].map(name => testClaim({ name, uid: name }));
  const list = () => claims.map(begin()).map(found => found[0]?.kept);
  expect(list()).toEqual([1, 2, 3, undefined, undefined]);
  expect(list()).toEqual([1, 2, 3, 4, 5]);
  expect(list()).toEqual([1, 2, 3, 4, 5]);
  now += 60 * 60_000;
  expect(list()).toEqual([6, 7, 8, 4, 5]);
  expect(planned.join('')).toBe('abcdeabc');
});
