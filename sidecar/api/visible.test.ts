import { expect, it } from 'vitest';
import { visible, visibleLines } from './visible.ts';

it.each([
  ['what a terminal obeys', '\u001b[2Jx\u0007', '\\u{1b}[2Jx\\u{7}'],
  ['what reverses the text after it', 'a\u202egnp.exe', 'a\\u{202e}gnp.exe'],
  ['the end of a line', 'a\nb\u2028c', 'a\\u{a}b\\u{2028}c'],
  ['nothing of usual names', 'Ünï/文件 👩‍🚀 "x"', 'Ünï/文件 👩‍🚀 "x"'],
])('shows %s', (_, text, shown) => expect(visible(text)).toBe(shown));

it('keeps lines and tabs where there may be several', () => {
  expect(visibleLines('a\tb\n\u001bc\n')).toBe('a\tb\n\\u{1b}c\n');
});

it.each([
  ['orders.sql', 'orders.sql'],
  ['Bestellungen – März.csv', 'Bestellungen – März.csv'],
  ['invoice\u202egnp.exe', 'invoice\\u{202e}gnp.exe'],
  ['\u2066a\u2069', '\\u{2066}a\\u{2069}'],
  ['two\nlines', 'two\\u{a}lines'],
  ['\u001b[2J', '\\u{1b}[2J'],
  ['no\u200bspace', 'no\\u{200b}space'],
  ['para\u2029graph', 'para\\u{2029}graph'],
  ['👩\u200d👧', '👩\u200d👧'],
  ['می\u200cخواهم', 'می\u200cخواهم'],
])('shows %j as %s', (text, shown) => expect(visible(text)).toBe(shown));
