import { it } from 'vitest';
import { expectNothingLost } from './support/afterwards.ts';
import { faultVolume } from './support/volume.ts';
import { worldWith } from './support/world.ts';

it('[none] without a fault: success, and a whole destination', async () => {
  await expectNothingLost(await worldWith(), faultVolume());
});
