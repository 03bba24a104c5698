import { describe, expect, it } from 'vitest';
import { indexOfLines, linesFor } from '../../testing/archive/testIndex.ts';
import type { SelectOptions } from './select.ts';
import { select } from './select.ts';

const LINES = linesFor(
  './',
  './a/',
  ['./a/file', 1_000],
  './a/sub/',
  ['./a/sub/deep', 10],
  ['./first', 500],
  './b/',
  './b/one = ./first',
  './b/two = ./first',
  './b/own = ./b/one',
  './link -> a'
);

const selected = async (paths: string[], options?: SelectOptions, lines = LINES) => {
  const index = await indexOfLines(lines);
  const selection = select(index, paths, options);
  const pathOf = (node: number) => index.pathOf(node);
  return {
    ...selection,
    paths: [...selection.nodes].map(pathOf),
    contentsOf: [...selection.contentsOf].map(pair => pair.map(pathOf)),
    relinked: [...selection.relinked].map(pair => pair.map(pathOf)),
  };
};

describe('a selection', () => {
  it('has everything below a directory, in archive order, and the directories above', async () => {
    expect(await selected(['link', 'a/sub'])).toMatchObject({
      paths: ['a', 'a/sub', 'a/sub/deep', 'link'],
      entries: 4,
      bytes: 10,
      parents: 1,
    });
  });

  it('has no directory above for a download', async () => {
    expect(await selected(['a/sub'], { for: 'download' })).toMatchObject({
      paths: ['a/sub', 'a/sub/deep'],
    });
  });

  it('has each entry once', async () => {
    expect((await selected(['a', 'a/file', 'a'])).paths).toEqual([
      'a',
      'a/file',
      'a/sub',
      'a/sub/deep',
    ]);
  });

  it('has the file that a hard link is another name of, for a restore', async () => {
    expect(await selected(['b'])).toMatchObject({
      paths: ['first', 'b', 'b/one', 'b/two', 'b/own'],
      bytes: 500,
      addedTargets: { count: 1, paths: ['first'] },
    });
  });

  it('adds no target that is selected anyway', async () => {
    expect(await selected(['b', 'first'])).toMatchObject({ addedTargets: { count: 0, paths: [] } });
  });

  it('gives the contents to the first hard link, for a download', async () => {
    expect(await selected(['b'], { for: 'download' })).toMatchObject({
      paths: ['b', 'b/one', 'b/two', 'b/own'],
      bytes: 500,
      contentsOf: [['b/one', 'first']],
      relinked: [
        ['b/two', 'b/one'],
        ['b/own', 'b/one'],
      ],
    });
  });

  it('has no directory that the archive does not list', async () => {
    expect(await selected(['x'], {}, linesFor('x/y/z'))).toMatchObject({ paths: ['x/y/z'] });
  });

  it('is in archive order also when a path comes twice', async () => {
    expect((await selected(['a', 'b'], {}, linesFor('./a', './b', ['./a', 5]))).paths).toEqual([
      'b',
      'a',
    ]);
  });

  it.each<[string, string[], string, string?]>([
    ['a path that is not there', ['a/nothing'], 'PathNotInArchive'],
    ['a path that leads out', ['..'], 'UnsafePath', linesFor('../x')],
    ['a directory in which something leads out', ['a'], 'UnsafePath', linesFor('a/../x')],
    ['a path below one that leads out', ['a/../x/y'], 'UnsafePath', linesFor('a/../x/y')],
    ['a link to nothing', ['a'], 'HardLinkBroken', linesFor('a = gone')],
    [
      'a link to a file that comes again, with other contents',
      ['b'],
      'HardLinkBroken',
      linesFor(['a', 5], 'b = a', ['a', 9]),
    ],
    [
      'the same where the file is chosen, too',
      ['a', 'b'],
      'HardLinkBroken',
      linesFor(['a', 5], 'b = a', ['a', 9]),
    ],
    ['links in circles', ['a'], 'HardLinkBroken', linesFor('a = b', 'b = a')],
  ])('is refused for %s', async (_, paths, reason, lines) => {
    await expect(selected(paths, {}, lines)).rejects.toMatchObject({ reason });
  });
});
