import { expect, it } from 'vitest';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import { readText } from './readText.ts';

it('gives back a text up to the limit, and refuses a longer one', async () => {
  const destination = memoryDestination();
  await destination.put('k', 'größe');
  expect(await readText(destination, 'k', 7)).toBe('größe');
  await expect(readText(destination, 'k', 6)).rejects.toThrow('k is longer than 6 bytes');
  await expect(readText(destination, 'other', 6)).rejects.toMatchObject({ stage: 'checksum' });
});
