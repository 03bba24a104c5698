import { expect, it } from 'vitest';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import { tarMessagesWithin, withinBudget } from './budget.ts';

const long = (text: string) => text.repeat(10_000 / text.length);
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

it('keeps the first five lines of tar, and no more than 1 KiB of them', () => {
  const lines = Array.from({ length: 50 }, (_, index) => `tar: ./${index}: socket ignored`);
  expect(tarMessagesWithin(lines)).toEqual(lines.slice(0, 5));
  const kept = tarMessagesWithin([...lines.slice(0, 3), long('größe'), 'last']);
  expect(kept.slice(0, 3)).toEqual(lines.slice(0, 3));
  expect(Buffer.byteLength(kept.join(''))).toBeLessThanOrEqual(1024);
  expect(kept[3]).toMatch(/^(größe)+.*…$/);
});

it('keeps the first warnings, and says how many more there were', () => {
  const of = (count: number) => Array.from({ length: count }, (_, at) => `warning ${at}`);
  const kept = (count: number) => withinBudget(exampleRun({ warnings: of(count) })).warnings;
  expect(kept(8)).toEqual(of(8));
  expect(kept(20)).toEqual([...of(7), 'and 13 more warnings, which the history does not keep']);
  const twice = withinBudget(withinBudget(exampleRun({ warnings: of(20) })));
  expect(twice.warnings).toEqual(kept(20));
});

it.each(['a', 'ö', '€', '😀'])('cuts a text of %s between characters', character => {
  const { message } = withinBudget(exampleRun({ message: long(character) }));
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
  expect(message).toMatch(new RegExp(`^(${character})+…$`, 'u'));
});

it('leaves a usual run as it is', () => {
  const run = exampleRun();
  expect(withinBudget(run)).toEqual(run);
});

it('keeps every run small, whatever its texts are', async () => {
  const history = await openFor(newPath());
  const run = exampleRun({
    id: 'a',
    status: 'failed',
    message: long('m'),
    hint: long('h'),
    warnings: Array(100).fill(long('w')),
    tarMessages: Array(50).fill(long('t')),
    warningCount: 1_000_000,
    helper: { pod: 'pod', node: 'node', image: 'image', lastWords: long('l') },
  });
  await history.add([run]);
  expect(bytesOf(run)).toBeGreaterThan(1_000_000);
  expect(bytesOf(history.get('a'))).toBeLessThan(10_000);
  expect(history.get('a')?.warningCount).toBe(1_000_000);
  await history.commit('a', { message: long('n') });
  expect(bytesOf(history.get('a'))).toBeLessThan(10_000);
});
