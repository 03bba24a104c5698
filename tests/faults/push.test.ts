import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ended } from '../cluster/support/backups.ts';
import { heldRun } from './support/heldRun.ts';
import { dropPackets } from './support/packets.ts';
import { faultVolume } from './support/volume.ts';
import { begin, worldWith } from './support/world.ts';

const MiB = 1 << 20;

it('[slow backup] a helper pod that reaches NKVM pushes its archive', async () => {
  const volume = faultVolume(32);
  const world = await worldWith({}, 'push');
  const run = await ended(world.call, await begin(world.call, volume));
  expect(run).toMatchObject({ status: 'success', transport: 'push' });
  const [copy] = run.copies;
  const manifest = JSON.parse(readFileSync(join(world.backups, `${copy?.key}.json`), 'utf8'));
  expect(manifest).toMatchObject({
    transport: 'push',
    transportReason: expect.stringMatching(/^the helper pod reached NKVM at 10\.99\.0\.1:\d+$/),
  });
});

it('[failed backup] a firewall drops what helper pods send: it goes over exec in the same attempt', async () => {
  const volume = faultVolume(1);
  const world = await worldWith({}, 'push');
  const { address } = world.sidecar.log
    .map(entry => entry as { msg?: string; address?: string })
    .find(({ msg }) => msg === 'helper pods can push')!;
  dropPackets(Number(address?.split(':').at(-1)));
  const run = await ended(world.call, await begin(world.call, volume));
  expect(run).toMatchObject({
    ...{ status: 'success', attempt: 1, transport: 'exec' },
    transportReason: `the helper pod could not push to ${address}: no answer within 500 ms`,
  });
});

it('[lost backup] the connection is cut in mid-stream: the next attempt goes over exec', async () => {
  const volume = faultVolume(32);
  const { way, world, id } = await heldRun(volume, 16 * MiB, { NKVM_MAX_ATTEMPTS: '2' }, 'push');
  way.cut();
  expect(await ended(world.call, id, 120_000)).toMatchObject({
    ...{ status: 'success', attempt: 2, transport: 'exec' },
    transportReason: 'the connection of the helper pod to NKVM broke in the attempt before',
  });
});
