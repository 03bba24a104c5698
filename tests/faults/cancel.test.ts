import { expect, it } from 'vitest';
import { ended, read } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { BEYOND_BUFFERS_MIB, heldRun } from './support/heldRun.ts';
import { helperOnNode } from './support/onNode.ts';
import { USUAL } from './support/transports.ts';
import { faultVolume } from './support/volume.ts';
import { begin, worldWith } from './support/world.ts';

const MiB = 1 << 20;

// Enough to pack that a run which has reached the stage has not ended when the request arrives.
it.each(['create', 'wait', 'exec', 'copy'])(
  '[left helper] cancelled at %s: cancelled, nothing left, and the sidecar keeps running',
  async stage => {
    const volume = faultVolume(128);
    const world = await worldWith();
    const id = await begin(world.call, volume);
    const hasCome = async () => (await read(world.call, id)).stages.some(at => at.stage === stage);
    await until(`stage ${stage}`, hasCome, 60_000, 1);
    const answer = await world.call(`/api/v1/backups/${id}/cancel`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({ status: 'cancelled', archive: null });
    expect(await ended(world.call, id)).toMatchObject({ status: 'cancelled', reason: null });
    await expectNothingLost(world, volume);
  }
);

it.each([USUAL])(
  '[left helper] cancelled while its bytes are held back (%s): its processes have ended by the answer',
  async transport => {
    const volume = faultVolume(BEYOND_BUFFERS_MIB);
    const { way, world, id } = await heldRun(volume, 20 * MiB, {}, transport);
    const [igzip] = helperOnNode(id).processes('igzip');
    const answer = await world.call(`/api/v1/backups/${id}/cancel`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({ status: 'cancelled', stage: 'copy' });
    expect(() => process.kill(igzip!, 0)).toThrow('ESRCH');
    way.release();
    await expectNothingLost(world, volume);
  }
);
