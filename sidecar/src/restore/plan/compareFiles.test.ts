import { describe, expect, it } from 'vitest';
import { select } from '../../archive/index/select.ts';
import type { WalkedEntry } from '../../helper/unpack/walk.ts';
import { indexOfLines, linesFor } from '../../testing/archive/testIndex.ts';
import { fileComparison } from './compareFiles.ts';

const index = await indexOfLines(
  linesFor('./', './a/', ['./a/file', 1_000], './a/link -> file', './a/hard = ./a/file', ['./b', 5])
);
const time = (() => {
  const { seconds, nanos } = index.columns;
  const node = index.nodeOf('b');
  return { seconds: seconds[node] ?? 0, nanoseconds: nanos[node] ?? 0 };
})();
const entry = (
  path: string,
  type: WalkedEntry['type'] = 'file',
  bytes = 0,
  more: Partial<WalkedEntry> = {}
): WalkedEntry => ({ path, type, bytes, ...time, ...more });

const compared = (entries: WalkedEntry[], paths?: string[]) => {
  const comparison = fileComparison(index, paths ? select(index, paths) : null);
  entries.forEach(comparison.take);
  return comparison.result(true);
};
const none = { count: 0, names: [] };

describe('the files that a restore changes', () => {
  it('are all new in an empty volume', () => {
    expect(compared([])).toEqual({
      added: { count: 5, names: ['a', 'a/file', 'a/link', 'a/hard', 'b'] },
      replaced: none,
      unchanged: none,
      leftOver: none,
      isComplete: true,
    });
  });

  it('are not left over where the backup left them out', () => {
    const comparison = fileComparison(index, null, ['cache', '*.log']);
    const own = 'a__b__c__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz.json';
    for (const path of [
      'cache',
      'cache/x',
      'a/x.log',
      '.snapshot/hourly.0',
      'lost+found',
      own,
      'deep/.snapshot',
      'x\\\\y.log',
    ]) {
      comparison.take(entry(path));
    }
    comparison.take(entry('mounted', 'mount'));
    expect(comparison.result(true).leftOver).toEqual({ count: 1, names: ['deep/.snapshot'] });
  });

  it('are no directories where another file system is mounted', () => {
    expect(compared([entry('a', 'mount')])).toMatchObject({ unchanged: { count: 1 } });
  });

  it('are none where everything is the same', () => {
    const same = [
      entry('a', 'directory', 0, { seconds: 1 }), // everything in it changes its time
      entry('a/file', 'file', 1_000),
      entry('a/link', 'symlink'),
      entry('a/hard', 'file', 1_000),
      entry('b', 'file', 5),
    ];
    expect(compared(same)).toMatchObject({
      added: none,
      replaced: none,
      unchanged: { count: 5 },
    });
  });

  it.each<[string, WalkedEntry]>([
    ['size', entry('b', 'file', 6)],
    ['time', entry('b', 'file', 5, { seconds: 1 })],
    ['part of a second', entry('b', 'file', 5, { nanoseconds: time.nanoseconds + 1 })],
    ['type', entry('b', 'directory')],
  ])('are replaced when their %s differs', (_, seen) => {
    expect(compared([seen])).toMatchObject({ replaced: { count: 1, names: ['b'] } });
  });

  it('are left over when the archive lacks them', () => {
    expect(compared([entry('mine')])).toMatchObject({
      leftOver: { count: 1, names: ['mine'] },
      added: { count: 5 },
    });
  });

  it('are those that were chosen', () => {
    expect(
      compared([entry('mine'), entry('a', 'directory'), entry('b', 'file', 6)], ['b'])
    ).toEqual({
      added: none,
      replaced: { count: 1, names: ['b'] },
      unchanged: none,
      leftOver: none,
      isComplete: true,
    });
  });

  it('are named, of many the first ones', () => {
    const many = Array.from({ length: 50 }, (_, at) => entry(`x${at}`));
    const { leftOver } = compared(many);
    expect([leftOver.count, leftOver.names.length]).toEqual([50, 20]);
  });
});
