import { expect, it } from 'vitest';
import { auditFacts } from '../../testing/history/auditFacts.ts';
import { cellOf, csvHead, csvLine } from './csv.ts';

it.each([
  ['shop/orders-db', '"shop/orders-db"'],
  [null, '""'],
  [7, '7'],
  ['say "no"', '"say ""no"""'],
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['+1', `"'+1"`],
  ['-1', `"'-1"`],
  ['@SUM(A1)', `"'@SUM(A1)"`],
  ['  =1', `"'  =1"`],
  ['\t=1', `"\\u{9}=1"`],
  ['＝1', `"'＝1"`],
  ['a\r\n=1', '"a\\u{d}\\u{a}=1"'],
  ['\u001b[2J\u202etxt', '"\\u{1b}[2J\\u{202e}txt"'],
])('%j is the cell %s', (value, cell) => {
  expect(cellOf(value)).toBe(cell);
});

it('has as many cells in a line as in the head', () => {
  const entry = { ...auditFacts(), sequence: 1, previous: '0'.repeat(64), hash: 'f'.repeat(64) };
  const cells = (line: string) => line.trimEnd().split(',').length;
  expect(cells(csvLine(entry))).toBe(cells(csvHead()));
  expect(csvLine(entry)).toContain('"shop/orders-db"');
  expect(csvLine(entry)).toMatch(/\r\n$/);
});
