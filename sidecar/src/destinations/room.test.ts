import { expect, it, onTestFinished, vi } from 'vitest';
import { nearlyFull, watchRoom } from './room.ts';

const MiB = 1 << 20;

it.each([
  ['lets runs start when enough is free', 512 * MiB, undefined],
  ['refuses when less is free than must stay free', 512 * MiB - 1, 'DestinationNearlyFull'],
  ['lets runs start where the storage has no limit', undefined, undefined],
])('%s', (_, freeBytes, reason) => {
  expect(nearlyFull(freeBytes, 512 * MiB)?.reason).toBe(reason);
});

it('names what is free and what must stay free, and no path', () => {
  expect(nearlyFull(3 * MiB, 512 * MiB)?.message).toBe(
    'the destination has 3.0 MiB left, and 512 MiB must stay free'
  );
});

it('tells when the space becomes too little and when there is enough again', async () => {
  let freeBytes: number | Error = 600 * MiB;
  const said: string[] = [];
  const warned: string[] = [];
  const room = watchRoom({
    destination: {
      freeBytes: async () => {
        if (freeBytes instanceof Error) throw freeBytes;
        return freeBytes;
      },
    },
    floorBytes: 512 * MiB,
    everyMs: 1,
    onChange: problem => void said.push(problem?.reason ?? 'enough'),
    log: { warn: (__, sentence) => void warned.push(sentence) },
  });
  onTestFinished(() => room.stop());
  expect(await room.look()).toBeUndefined();
  freeBytes = 100 * MiB;
  await vi.waitUntil(() => said.length === 1);
  expect((await room.look())?.reason).toBe('DestinationNearlyFull');
  freeBytes = new Error('no answer'); // keeps nothing from starting
  await vi.waitUntil(() => said.length === 2);
  expect(said).toEqual(['DestinationNearlyFull', 'enough']);
  expect(warned).toEqual(['free space could not be read: no answer']);
});
