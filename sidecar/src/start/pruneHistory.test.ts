import { expect, it } from 'vitest';
import { manifestName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import type { PruneOptions } from '../history/pruning/pruneRuns.ts';
import { historyPruner } from './pruneHistory.ts';

const RULES = { keepMs: 1, keepOthersMs: 1, maxRuns: 1 };
const CLAIM = { uid: 'u', namespace: 'shop', name: 'a' };

/** @returns what the pruner gives to the history, and how often the destination was asked. */
async function given(stat: Destination['stat'], inventory: object = {}) {
  let options: PruneOptions | undefined;
  let asked = 0;
  const prune = historyPruner({
    history: {
      prune: given => {
        options = given;
        return Promise.resolve({ old: 0, spare: 0 });
      },
    },
    inventory: { isReady: () => true, problems: () => [], claim: () => undefined, ...inventory },
    places: {
      get: name =>
        name === 'nas'
          ? ({ use: () => ({ stat: (key: string) => ((asked += 1), stat(key)) }) } as never)
          : undefined,
    },
    rules: RULES,
    log: { info: () => {}, warn: () => {} } as never,
    signal: new AbortController().signal,
  });
  await prune();
  if (!options) throw new Error('the history was not pruned');
  return { options, asked: () => asked };
}

const copy = (destination: string, key = 'k') => ({ destination, key, state: 'deleted' as const });

it('takes an archive for gone only when its destination says so', async () => {
  const there = await given(key =>
    Promise.resolve(
      key === manifestName('there') ? { key, bytes: 1, modifiedAt: new Date(0) } : undefined
    )
  );
  expect(await there.options.areGone([copy('nas', 'there')])).toBe(false);
  expect(await there.options.areGone([copy('nas', 'gone'), copy('nas', 'there')])).toBe(false);
  expect(await there.options.areGone([copy('nas', 'gone')])).toBe(true);
  expect(await there.options.areGone([copy('not-configured')])).toBe(true);
  expect(await there.options.areGone([])).toBe(true);
});

it('asks a destination that does not answer once', async () => {
  const { options, asked } = await given(() => Promise.reject(new Error('unreachable')));
  expect(await options.areGone([copy('nas')])).toBe(false);
  expect(await options.areGone([copy('nas', 'other')])).toBe(false);
  expect(asked()).toBe(1);
});

it.each<[string, object, boolean]>([
  ['is not there', {}, false],
  ['is there', { claim: () => CLAIM }, true],
  ['has another UID now', { claim: () => ({ ...CLAIM, uid: 'v' }) }, false],
  ['is not there, and the watches are not ready', { isReady: () => false }, true],
  ['is not there, and a watch is broken', { problems: () => ['no answer'] }, true],
])('decides whether a claim exists: it %s', async (_, inventory, exists) => {
  const { options } = await given(() => Promise.resolve(undefined), inventory);
  expect(options.claimExists(CLAIM)).toBe(exists);
});
