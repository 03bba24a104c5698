import { expect, it } from 'vitest';
import { PAUSE_IMAGE } from '../cluster/machine/paths.ts';
import { ended } from '../cluster/support/backups.ts';
import { expectNothingLeft } from './support/afterwards.ts';
import { faultVolume } from './support/volume.ts';
import { begin, worldWith } from './support/world.ts';

it('[no archive] helper image without any tool: failed at wait, by name', async () => {
  const world = await worldWith({ NKVM_HELPER_IMAGE: PAUSE_IMAGE });
  expect(await ended(world.call, await begin(world.call, faultVolume()))).toMatchObject({
    status: 'failed',
    stage: 'wait',
    reason: 'HelperNotStarted',
    hint: expect.stringContaining('NKVM_HELPER_IMAGE'),
    archive: null,
  });
  expectNothingLeft(world, 0);
});
