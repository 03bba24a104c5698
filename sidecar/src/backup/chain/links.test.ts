import { expect, it } from 'vitest';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { checkLinks, missingLinks } from './links.ts';

const link = (runId: string) => ({
  runId,
  archive: `kind__shop__orders-db__20261120T101112Z__${runId}.tar.gz`,
  bytes: 7,
  sha256: 'ab'.repeat(32),
});
const links = [link('one'), link('two')];
const signal = new AbortController().signal;

async function placeWith(...keys: string[]) {
  const destination = memoryDestination(memoryStorage());
  for (const key of keys) await destination.put(key, 'archive'); // 7 bytes, as the links say
  return { destination, form: 'tar.gz' as const };
}
const both = links.flatMap(({ archive }) => [archive, `${archive}.json`]);

it('finds archives that are not there, or have no manifest', async () => {
  expect(await missingLinks(links, await placeWith(...both), signal)).toEqual([]);
  expect(await missingLinks(links, await placeWith(...both.slice(0, 3)), signal)).toEqual([
    links[1],
  ]);
  expect(await missingLinks(links, await placeWith(...both.slice(1)), signal)).toEqual([links[0]]);
});

it('finds archives that have another size', async () => {
  const place = await placeWith(...both);
  const longer = [links[0]!, { ...links[1]!, bytes: 8 }];
  expect(await missingLinks(longer, place, signal)).toEqual([longer[1]]);
  // The size of an encrypted one is not that of the archive.
  const age = await placeWith(
    ...links.flatMap(({ archive }) => [`${archive}.age`, `${archive}.age.json`])
  );
  expect(await missingLinks(longer, { ...age, form: 'tar.gz.age' }, signal)).toEqual([]);
});

it('publishes no increment without the archives that it needs', async () => {
  await checkLinks(links, await placeWith(...both), signal);
  await expect(
    checkLinks(links, await placeWith(...both.slice(0, 3)), signal)
  ).rejects.toMatchObject({ stage: 'publish', reason: 'LinkMissing', class: 'transient' });
});
