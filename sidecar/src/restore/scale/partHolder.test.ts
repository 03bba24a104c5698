import { describe, expect, it } from 'vitest';
import type { PastRestore } from './partHolder.ts';
import { NOTHING_WRITTEN, partHolder } from './partHolder.ts';

const part = (id: string): PastRestore => ({
  ...{ id, hasWritten: true, isWhole: true, isProven: false },
});
const proven = (id: string): PastRestore => ({ ...part(id), isProven: true });
const nothing = (id: string): PastRestore => ({ id, ...NOTHING_WRITTEN });

describe('a claim holds a part of an archive', () => {
  it.each<[string, string[], PastRestore[], string | undefined]>([
    ['no restore is known', ['r1'], [], undefined],
    ['the restore has written, and was not proven', ['r1'], [part('r1')], 'r1'],
    ['the restore was proven', ['r1'], [proven('r1')], undefined],
    ['the restore has not written', ['r1'], [nothing('r1')], undefined],
    [
      'the next one has not written: it is as before',
      ['r1', 'r2'],
      [nothing('r2'), part('r1')],
      'r1',
    ],
    ['the next one has written a part, too', ['r1', 'r2'], [part('r2'), part('r1')], 'r2'],
    ['the next one was proven', ['r1', 'r2'], [proven('r2'), part('r1')], undefined],
    ['one that stopped nothing was proven since', ['r1'], [proven('r2'), part('r1')], undefined],
    [
      'only a selection was proven since',
      ['r1', 'r2'],
      [{ ...proven('r2'), isWhole: false }, part('r1')],
      'r1',
    ],
    [
      'a person has started the workload since, and a new restore wrote nothing',
      ['r2'],
      [nothing('r2'), part('r1')],
      undefined,
    ],
  ])('%s', (_, stoppedBy, restores, expected) => {
    expect(partHolder(stoppedBy, restores)).toBe(expected);
  });
});
