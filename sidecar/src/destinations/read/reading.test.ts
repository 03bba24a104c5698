import { finished } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { readingOf } from './reading.ts';

it('counts an archive as read while a stream is open, and for a while afterwards', async () => {
  let at = 0;
  const reading = readingOf(() => at);
  const storage = memoryStorage();
  storage.archives.set('a', Buffer.from('x'));
  const to = reading.of(memoryDestination(storage));
  expect(reading.isRead('memory', 'a')).toBe(false);
  const [one, two] = [await to.open('a'), await to.open('a')];
  expect(reading.isRead('memory', 'a')).toBe(true);
  expect(reading.isRead('memory', 'b')).toBe(false);
  expect(reading.isRead('other', 'a')).toBe(false);
  at = 3_600_000;
  one.resume();
  await finished(one);
  at += 3_600_000;
  expect(reading.isRead('memory', 'a')).toBe(true);
  two.destroy();
  await finished(two).catch(() => undefined);
  expect(reading.isRead('memory', 'a')).toBe(true);
  at += 10 * 60_000 + 1;
  expect(reading.isRead('memory', 'a')).toBe(false);
});

it('does not count an archive that could not be opened for ever', async () => {
  let at = 0;
  const reading = readingOf(() => at);
  const to = reading.of(memoryDestination(memoryStorage()));
  await expect(to.open('gone')).rejects.toThrow();
  at = 3_600_000;
  expect(reading.isRead('memory', 'gone')).toBe(false);
});

it('gives the same destination for the same one', () => {
  const reading = readingOf();
  const destination = memoryDestination(memoryStorage());
  expect(reading.of(destination)).toBe(reading.of(destination));
  expect(reading.of(reading.of(destination))).toBe(reading.of(destination));
});
