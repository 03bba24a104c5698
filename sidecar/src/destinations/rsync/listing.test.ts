import { expect, it } from 'vitest';
import { literal, parseRsyncLine } from './listing.ts';

it.each([
  [
    '-rw-------              5 2026/11/26 21:39:01 a b.tar.gz',
    { path: 'a b.tar.gz', isFile: true, bytes: 5, modifiedAt: new Date('2026-11-26T21:39:01Z') },
  ],
  [
    '-rw-r--r--  5,000,000,000 2026/11/26 21:39:01 größe',
    { path: 'größe', isFile: true, bytes: 5e9 },
  ],
  [
    'drwx------          4,096 2026/11/26 21:39:01 .tmp-nkvm-x',
    { path: '.tmp-nkvm-x', isFile: false },
  ],
  ['lrwxrwxrwx              5 2026/11/26 21:39:01 a -> b', { isFile: false }],
  ['-rw-------              5 2026/11/26 21:39:01 .tmp-nkvm-x/a', { path: '.tmp-nkvm-x/a' }],
])('%s', (line, entry) => expect(parseRsyncLine(line)).toMatchObject(entry));

it.each([
  'drwx------          4,096 2026/11/26 21:39:01 .',
  '-rw-------              5 2026/11/26 21:39:01 a\\#012b',
  'Welcome to the server',
])('%s is no entry', line => expect(parseRsyncLine(line)).toBeUndefined());

it.each([
  ['a.tar.gz', 'a.tar.gz'],
  ['a*b', 'a\\*b'],
  ['[a]?', '\\[a]\\?'],
])('the rule for %s is %s', (name, rule) => expect(literal(name)).toBe(rule));
