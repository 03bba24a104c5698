import { expect, it } from 'vitest';
import { doubtsOn, endsOf } from './chains.ts';

/** A chain a, b, c; an archive alone d; and a chain e, f. */
const archives = [
  { run: 'a', needs: [] },
  { run: 'b', needs: ['a'] },
  { run: 'c', needs: ['a', 'b'] },
  { run: 'd', needs: [] },
  { run: 'e', needs: [] },
  { run: 'f', needs: ['e'] },
];

it.each<[string, string[], string[]]>([
  ['nothing where no check failed', [], []],
  ['an archive alone', ['d'], ['d']],
  ['all of a chain whose full archive failed', ['a'], ['a', 'b', 'c']],
  ['all of a chain of which an increment failed', ['b'], ['a', 'b', 'c']],
  ['two chains', ['c', 'e'], ['a', 'b', 'c', 'e', 'f']],
  ['nothing where the failed one is elsewhere', ['x'], []],
])('doubts %s', (_, failed, expected) => {
  const doubts = doubtsOn(archives, new Set(failed));
  expect([...doubts.keys()]).toEqual(expected);
  for (const run of failed) if (doubts.has(run)) expect(doubts.get(run)).toContain('its last');
});

it('says which check failed', () =>
  expect(doubtsOn(archives, new Set(['b'])).get('c')).toContain('backup b,'));

it('knows the ends of chains', () => expect([...endsOf(archives)]).toEqual(['c', 'd', 'f']));
