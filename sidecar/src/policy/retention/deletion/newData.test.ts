import { describe, expect, it } from 'vitest';
import { indexOfLines, linesFor } from '../../../testing/archive/testIndex.ts';
import { isNearlyAllNew } from './newData.ts';

const COUNT = 40;
/** Files, of which the first `changed` have another size, in as many directories. */
const volume = (changed: number, ending = '', size = 7): string =>
  linesFor(
    './',
    ...Array.from({ length: COUNT }, (_, at): (string | [string, number])[] => [
      `./d${at}/`,
      [`./d${at}/f${at < changed ? ending : ''}`, at < changed ? size : 1],
    ]).flat()
  );

/** @param volumes newest first */
async function verdictOn(...volumes: (string | undefined)[]) {
  const archives = {
    ref: async ({ key }: { key: string }) => ({ key } as never),
    async openQuickly({ key }: { key: string }) {
      const text = volumes[Number(key)];
      return text === undefined ? undefined : ({ index: await indexOfLines(text) } as never);
    },
  };
  const newest = volumes.map((_, at) => ({
    ...{ run: `r${9 - at}`, destination: 'local', key: String(at), entries: COUNT * 2 + 1 },
  }));
  return await isNearlyAllNew(newest, archives, new AbortController().signal);
}

describe('the data of the newest backup', () => {
  it.each<[string, (string | undefined)[], boolean | undefined]>([
    ['nothing has changed', [volume(0), volume(0), volume(0)], false],
    ['a half has changed', [volume(20), volume(0), volume(0)], false],
    ['nearly all has changed', [volume(38), volume(0), volume(0)], true],
    ['all is renamed, as after ransomware', [volume(40, '.locked'), volume(0), volume(0)], true],
    ['it always changes', [volume(40), volume(40, '', 8), volume(40, '', 9)], false],
    ['there are only two', [volume(40), volume(0)], true],
    ['there is only one', [volume(40)], undefined],
    ['an index is missing', [volume(40), undefined, volume(0)], undefined],
    ['an older index is missing', [volume(40), volume(0), undefined], true],
  ])('%s', async (_, volumes, expected) => {
    expect(await verdictOn(...volumes)).toBe(expected);
  });

  it('is not looked at where there are few entries, or very many', async () => {
    const archives = { ref: () => Promise.reject(), openQuickly: () => Promise.reject() };
    for (const entries of [null, 19, 500_001]) {
      const one = { run: 'r', destination: 'local', key: 'k', entries };
      const signal = new AbortController().signal;
      expect(await isNearlyAllNew([one, one], archives, signal)).toBeUndefined();
    }
  });
});
