import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { SeenDestination } from './destinationGauges.ts';
import { registerDestinationGauges } from './destinationGauges.ts';

const seen: SeenDestination = {
  name: 'offsite',
  state: 'ready',
  lastProvenAt: '2026-11-20T10:00:00.000Z',
  ...{ archives: 3, bytes: 42, freeBytes: null },
};
const linesOf = async (...destinations: SeenDestination[]) => {
  const registry = new Registry();
  registerDestinationGauges(registry, () => destinations);
  return (await registry.metrics()).split('\n').filter(line => line.startsWith('nkvm_'));
};

it('has a series for each destination, and none for what is not known', async () => {
  expect(await linesOf(seen)).toEqual([
    'nkvm_destination_up{destination="offsite"} 1',
    'nkvm_destination_paused{destination="offsite"} 0',
    'nkvm_destination_last_proven_timestamp_seconds{destination="offsite"} 1795168800',
    'nkvm_destination_archives{destination="offsite"} 3',
    'nkvm_destination_bytes{destination="offsite"} 42',
  ]);
});

it.each([
  ['ready', '1', '0'],
  ['failing', '0', '0'],
  ['invalid', '0', '0'],
  ['paused', '0', '1'],
  ['unknown', undefined, '0'],
] as const)('of one that is %s', async (state, up, paused) => {
  const lines = await linesOf({ ...seen, state });
  const value = (name: string) => lines.find(line => line.startsWith(`${name}{`))?.split(' ')[1];
  expect([value('nkvm_destination_up'), value('nkvm_destination_paused')]).toEqual([up, paused]);
});
