import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { leaseLost } from '../../fence.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { keysOf } from '../destination.ts';
import { fenced } from './fenced.ts';

it('changes nothing that can be found once another process may write', async () => {
  const storage = memoryStorage();
  let isHeld = true;
  const to = fenced(memoryDestination(storage), {
    assertHeld: () => {
      if (!isHeld) throw leaseLost('another instance holds the Lease');
    },
  });
  await to.put('kept.json', '{}');
  const staged = await to.stage('a.tar.gz', Readable.from([Buffer.from('archive')]));
  isHeld = false;
  for (const write of [
    () => staged.publish(),
    () => to.put('b.json', '{}'),
    () => to.remove('kept.json'),
    () => to.sweep(),
  ]) {
    await expect(write()).rejects.toMatchObject({ reason: 'LeaseLost', class: 'transient' });
  }
  expect(await keysOf(to)).toEqual(['kept.json']);
  await staged.discard();
  expect(storage.temporaries.size).toBe(0);
});
