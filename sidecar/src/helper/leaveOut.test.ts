import { expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import { leaveOutOf } from './leaveOut.ts';

it.each([
  [{}, [], []],
  [{ 'nkvm.io/exclude': '' }, [], []],
  [{ 'nkvm.io/exclude': 'cache\n\n *.log \r\n./tmp\n' }, ['cache', ' *.log', './tmp'], []],
  [{ 'nkvm.io/exclude': '\\!a\n[!a]b\ncache/*' }, ['\\!a', '[!a]b', 'cache/*'], []],
  [{ 'nkvm.io/include-mounts': 'true', 'nkvm.io/include-reserved': 'false' }, [], ['mounts']],
  [{ 'nkvm.io/include-archives': 'true', other: 'x' }, [], ['archives']],
])('reads %j', (annotations, patterns, includes) => {
  expect(leaveOutOf(annotations as Record<string, string>)).toEqual({ patterns, includes });
});

it.each([
  ['nkvm.io/exclude', '*', 'line 1 of nkvm.io/exclude matches the whole volume'],
  ['nkvm.io/exclude', 'a\n.', 'line 2 of nkvm.io/exclude matches the whole volume'],
  ['nkvm.io/exclude', '?', 'line 1 of nkvm.io/exclude matches the whole volume'],
  ['nkvm.io/exclude', '/cache', 'begins with /'],
  ['nkvm.io/exclude', 'cache/', 'ends with /'],
  ['nkvm.io/exclude', '!keep', 'begins with !'],
  ['nkvm.io/exclude', '# comment', 'begins with #'],
  ['nkvm.io/exclude', '../x', 'has ..'],
  ['nkvm.io/exclude', 'a[', 'has a [ without its ]'],
  ['nkvm.io/exclude', 'a\\', 'ends with \\'],
  ['nkvm.io/exclude', 'a\n'.repeat(101), 'has 101 patterns'],
  ['nkvm.io/exclude', 'a'.repeat(4097), '4097 bytes'],
  ['nkvm.io/include-mounts', 'yes', 'nkvm.io/include-mounts takes true or false'],
])('refuses %s: %j', (annotation, value, why) => {
  const read = () => leaveOutOf({ [annotation]: value });
  expect(read).toThrow(StageError);
  expect(read).toThrow(why);
  expect(read).toThrow(
    expect.objectContaining({ reason: 'ExcludeInvalid', class: 'needs-action' })
  );
});

it('names every wrong line, and of many the first', () => {
  const read = () => leaveOutOf({ 'nkvm.io/exclude': '/a\nok\n/b' });
  expect(read).toThrow(/line 1 .*; line 3 /);
  expect(() => leaveOutOf({ 'nkvm.io/exclude': '/a\n'.repeat(8) })).toThrow(/; and 3 more/);
});
