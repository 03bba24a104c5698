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
