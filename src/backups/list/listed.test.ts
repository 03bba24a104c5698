import { describe, expect, it } from 'vitest';
import { holdingBack, type LoadedList, merged } from './listed';

type List = LoadedList<{ id: string }>;

const list = (ids: string[], hasMore = false): List => ({ runs: ids.map(id => ({ id })), hasMore });
const idsOf = (lists: List[]) => merged(lists).runs.map(({ id }) => id);

describe('runs of several lists', () => {
  it.each<[string, List[], string[]]>([
    ['are one list, newest first', [list(['5', '2']), list(['4', '1'])], ['5', '4', '2', '1']],
    [
      'end where the first list ends that has more',
      [list(['9', '5'], true), list(['8', '3', '1'])],
      ['9', '8', '5'],
    ],
    [
      'end at the newest of those ends',
      [list(['9', '5'], true), list(['8', '7'], true), list(['6'])],
      ['9', '8', '7'],
    ],
    ['are none where there are none', [list([]), list([])], []],
  ])('%s', (_, lists, ids) => expect(idsOf(lists)).toEqual(ids));

  it('have more as long as one list has', () => {
    expect(merged([list(['1']), list(['2'])]).hasMore).toBe(false);
    expect(merged([list(['1']), list(['2'], true)]).hasMore).toBe(true);
  });

  it('go on with the list that holds the others back', () => {
    const [long, held, whole] = [list(['9', '2'], true), list(['8', '7'], true), list(['6'])];
    expect(holdingBack([long, held, whole])).toEqual([held]);
    expect(holdingBack([list(['9'], true), whole])).toEqual([list(['9'], true)]);
  });
});
