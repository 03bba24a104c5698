import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { withFloor } from './withFloor.ts';

const MiB = 1 << 20;

it.each<[string, () => Promise<number | undefined>, boolean]>([
  ['less than the floor', async () => 512 * MiB - 1, false],
  ['as much as the floor', async () => 512 * MiB, true],
  ['nobody knows how much', async () => undefined, true],
  ['an error instead of an answer', async () => Promise.reject(new Error('away')), true],
])('with %s free', async (_, freeBytes, takes) => {
  const storage = memoryStorage();
  const to = withFloor({ ...memoryDestination(storage), id: 'nas', freeBytes }, 512 * MiB);
  const body = Readable.from([Buffer.from('archive')]);
  const stored = to.stage('a.tar.gz', body).then(staged => staged.publish());
  if (takes) await stored;
  else
    await expect(stored).rejects.toMatchObject({
      stage: 'copy',
      reason: 'DestinationNearlyFull',
      message: 'destination nas has 512 MiB left, and 512 MiB must stay free',
      class: 'needs-action',
    });
  expect([...storage.archives.keys()]).toEqual(takes ? ['a.tar.gz'] : []);
  expect(body.destroyed).toBe(true);
  // Manifests and indexes of archives that are there already are always accepted.
  await to.put('b.manifest.json', '{}');
  await (await to.stage('b.tar.gz.index', Readable.from([Buffer.from('x')]))).publish();
});
