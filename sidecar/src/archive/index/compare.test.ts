import { describe, expect, it } from 'vitest';
import { indexOfLines, linesFor } from '../../testing/archive/testIndex.ts';
import { compareIndexes } from './compare.ts';

async function compared(earlier: string, later: string, path = '') {
  const [one, other] = [await indexOfLines(later), await indexOfLines(earlier)];
  const { kinds, nodes, before, ...counts } = await compareIndexes(one, other, {
    later: one.nodeOf(path),
    earlier: other.nodeOf(path),
  });
  const changes = [...kinds].map((kind, at) =>
    kind === 1
      ? `- ${other.pathOf(before[at]!)}`
      : `${'+ *'.charAt(kind)} ${one.pathOf(nodes[at]!)}`
  );
  return { ...counts, changes };
}
const BEFORE = linesFor('./', './a/', ['./a/f', 1], './a/g', './b/', './b/x', './l -> f', './z');

describe('two archives', () => {
  it('are the same when nothing has changed', async () => {
    expect(await compared(BEFORE, BEFORE)).toEqual({
      added: 0,
      removed: 0,
      changed: 0,
      same: 7,
      changes: [],
    });
  });

  it('differ in what was added, removed and changed, in the order of paths', async () => {
    const after = linesFor(
      './',
      './a/',
      ['./a/f', 2],
      './a/n/',
      './a/n/m',
      './c',
      './l -> g',
      './z'
    );
    expect(await compared(BEFORE, after)).toEqual({
      ...{ added: 3, removed: 3, changed: 2, same: 2 },
      changes: ['* a/f', '- a/g', '+ a/n', '+ a/n/m', '- b', '- b/x', '+ c', '* l'],
    });
  });

  it('differ only below a folder when that is asked for, also when one of them has none', async () => {
    const after = linesFor('./', './a/', ['./a/f', 2], './a/g');
    expect(await compared(BEFORE, after, 'a')).toMatchObject({ changed: 1, removed: 0, same: 1 });
    expect(await compared(BEFORE, after, 'b')).toMatchObject({ removed: 1, changes: ['- b/x'] });
  });

  it.each<[string, string, number]>([
    ['its time', linesFor(['./f', 1, '2026-11-20 10:11:13']), 1],
    ['its nanoseconds', linesFor(['./f', 1, '2026-11-20 10:11:12.000000001']), 1],
    ['its mode', linesFor(['./f', 1]).replace('-rw-', '-rwx'), 1],
    ['its owner', linesFor(['./f', 1]).replace('0/0', '0/5'), 1],
    ['its type', linesFor('./f/'), 1],
    ['nothing', linesFor(['./f', 1]), 0],
  ])('differ in a file when %s has changed', async (_, after, changed) => {
    expect(await compared(linesFor(['./f', 1]), after)).toMatchObject({ changed });
  });

  it('do not differ in a folder because of what is in it', async () => {
    const folder = (time: string) => linesFor(['./d/', 0, time]);
    expect(
      await compared(folder('2026-11-20 10:11:12'), folder('2026-11-21 10:11:12'))
    ).toMatchObject({ same: 1 });
    expect(await compared(linesFor('d/f'), linesFor('d/', 'd/f'))).toMatchObject({
      same: 2,
      changed: 0,
    });
  });

  it('do not differ in which name of a file tar has packed first', async () => {
    const one = linesFor(['./a', 5], './b = ./a');
    const other = linesFor(['./b', 5], './a = ./b');
    expect(await compared(one, other)).toMatchObject({ same: 2, changed: 0 });
  });

  it('show a file that became a folder, and what is in it', async () => {
    expect(await compared(linesFor('./a'), linesFor('./a/', './a/f'))).toMatchObject({
      changes: ['* a', '+ a/f'],
    });
  });
});
