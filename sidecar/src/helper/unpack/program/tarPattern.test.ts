import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matcherOf, wrongPattern } from './tarPattern.ts';

const NAMES = [
  'a',
  'b',
  'ab',
  'a.b',
  '-',
  ']',
  '^a',
  'A',
  'a b',
  'ä',
  '[a]',
  'a*',
  'c\\d',
  '!x',
  '.h',
];
const PATHS = NAMES.flatMap(name => [
  `./${name}`,
  `./d/${name}`,
  `./d/e/${name}`,
  `./${name}x/b/f`,
]);

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'nkvm-pattern-'));
  for (const path of PATHS) {
    mkdirSync(dirname(join(root, 'volume', path)), { recursive: true });
    writeFileSync(join(root, 'volume', path), '');
  }
});
afterAll(() => rmSync(root, { recursive: true }));

/** @returns which of the paths tar leaves out, as in pack.sh. */
function leftOutByTar(pattern: string): string[] {
  writeFileSync(join(root, 'patterns'), `${pattern}\n`);
  const exclude = `--exclude-from=${join(root, 'patterns')}`;
  const args = ['-cf', '/dev/null', '-v', '--quoting-style=literal', '--anchored', '--no-anchored'];
  const { stdout, stderr } = spawnSync('tar', [...args, exclude, '-C', join(root, 'volume'), '.'], {
    env: { ...process.env, LC_ALL: 'C' },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const packed = new Set(stdout.split('\n'));
  return PATHS.filter(path => !packed.has(path));
}

const SIGNS = [
  'a',
  'b',
  'd',
  'x',
  '*',
  '?',
  '/',
  '.',
  '[ab]',
  '[!a]',
  '[^b-d]',
  '[a-c]',
  '\\*',
  '\\[',
];
const MORE = [
  '[]a]',
  '[!]]',
  '[[:upper:]]',
  '[^[:alpha:]]',
  '[a-]',
  '[-a]',
  '[\\]]',
  '\\a',
  './',
  'ä',
  '[\\a-c]',
];
const ALL = [...SIGNS, ...MORE, ']', '^', '-', '!', ' b', '$', '(', '|', '+', '{', 'e/', '/b'];

/** The same pseudo-random patterns each time. */
function* patterns(count: number): Iterable<string> {
  let seed = 20_261_127;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  for (let made = 0; made < count; made++) {
    yield Array.from({ length: 1 + next(4) }, () => ALL[next(ALL.length)]).join('');
  }
}

describe('patterns', () => {
  it('match what they match for tar', () => {
    for (const pattern of [
      ...ALL,
      './a',
      'd/*',
      './d/e',
      'ab',
      '*b',
      './?',
      'd/*b',
      ...patterns(400),
    ]) {
      const isMatch = matcherOf([pattern]);
      const matching = PATHS.filter(path => isMatch(Buffer.from(path).toString('latin1')));
      expect(matching, pattern).toEqual(leftOutByTar(pattern));
    }
  });

  it('take no time that grows beyond all bounds', () => {
    const isMatch = matcherOf([`${'*a'.repeat(10)}b`]);
    expect(isMatch(`./${'a'.repeat(4000)}`)).toBe(false);
  });

  it('match each by itself', () => {
    const isMatch = matcherOf(['cache', '*.log']);
    expect(['./cache/a', './x.log', './cachet'].map(isMatch)).toEqual([true, true, false]);
    expect(matcherOf([])('.')).toBe(false);
  });

  it.each([
    ['a\\', 'ends with \\, which stands for nothing'],
    ['[ab', 'has a [ without its ]: write \\[ for a bracket'],
    ['[[:other:]]', 'has [:other:], which is not known'],
    ['[[.a.]]', 'has [.a.], which is not known'],
    ['[z-a]', 'has a range in [ ] that is not from a smaller to a greater sign'],
    ['a\0', 'has a NUL byte'],
    ['*a'.repeat(11), 'has 11 times *, and may have 10'],
  ])('are wrong: %s', (pattern, why) => expect(wrongPattern(pattern)).toBe(why));
});
