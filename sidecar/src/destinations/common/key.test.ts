import { expect, it } from 'vitest';
import { checkKey } from './key.ts';

it.each([
  ['', 'archive name "" is empty'],
  ['.x', 'archive name ".x" begins with a dot'],
  ['a/b', 'archive name "a/b" holds a slash'],
  ['a\tb', 'archive name "a\\tb" holds a control character'],
])('says what is wrong with %j', (key, message) => {
  expect(() => checkKey(key)).toThrow(expect.objectContaining({ reason: 'BadKey', message }));
});

it('counts bytes, not characters', () => {
  expect(() => checkKey('ü'.repeat(127))).not.toThrow();
  expect(() => checkKey('ü'.repeat(128))).toThrow('longer than 255 bytes');
});
