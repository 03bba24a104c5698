import { expect, it } from 'vitest';
import { type Column, hiddenColumns } from './src/hiddenColumns.ts';

const named = (...ids: string[]): Column[] => ids.map(id => ({ id }));
const COLUMNS = named('a', 'b', 'c', 'd');

it.each<[string, Column[], number, object, string[]]>([
  ['none before the width is known', COLUMNS, 0, {}, []],
  ['none when all fit exactly', COLUMNS, 400, {}, []],
  ['the last one of equals', COLUMNS, 399, {}, ['d']],
  ['one more beside a column of boxes', COLUMNS, 430, { selection: true }, ['d']],
  ['one more beside a column of actions', COLUMNS, 440, { actions: true }, ['d']],
  ['never the first', COLUMNS, 50, {}, ['d', 'c', 'b']],
  [
    'the lowest priority first',
    [
      { id: 'a' },
      { id: 'b', responsivePriority: -1 },
      { id: 'c' },
      { id: 'd', responsivePriority: 2 },
    ],
    200,
    {},
    ['b', 'c'],
  ],
])('hides %s', (_, columns, widthPx, has, expected) => {
  expect(hiddenColumns(columns, widthPx, has)).toEqual(expected);
});
