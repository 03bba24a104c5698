import { expect, it } from 'vitest';
import { memoryDestination, memoryStorage } from '../../testing/memoryDestination.ts';
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
  for (const key of keys) await destination.put(key, 'text');
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

it('publishes no increment without the archives that it needs', async () => {
  await checkLinks(links, await placeWith(...both), signal);
  await expect(
    checkLinks(links, await placeWith(...both.slice(0, 3)), signal)
  ).rejects.toMatchObject({ stage: 'publish', reason: 'LinkMissing', class: 'transient' });
});
