import { expect, it } from 'vitest';
import { visible } from './visible';

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
