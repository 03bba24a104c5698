import { expect, it } from 'vitest';
import { ended } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { changeFrames, STDOUT } from './support/frames.ts';
import { heldRun } from './support/heldRun.ts';
import { helperOnNode } from './support/onNode.ts';
import { plainApi } from './support/plainApi.ts';
import { faultVolume } from './support/volume.ts';
import { wire } from './support/wire.ts';
import { begin, worldWith } from './support/world.ts';

const MiB = 1 << 20;

/** Whatever the suite is run with: these are faults of the way through the API server. */
const OVER_EXEC = { NKVM_PUSH_PORT: '', NKVM_PUSH_ADDRESS: '' };

const broken = { status: 'failed', stage: 'copy', reason: 'StreamBroke', archive: null };

it('[truncated archive] stream cut after exit 0: failed at copy', async () => {
  const volume = faultVolume(32);
  const { way, world, id } = await heldRun(volume, 31.5 * MiB, OVER_EXEC, 'exec');
  const helper = helperOnNode(id);
  await until('the packing command has ended', () => helper.isSealed(), 20_000);
  way.cut();
  expect(await ended(world.call, id)).toMatchObject(broken);
  await expectNothingLost(world, volume);
});

it('[truncated archive] connection cut silently, without FIN: failed at copy', async () => {
  const volume = faultVolume(32);
  const limit = { ...OVER_EXEC, NKVM_CONNECTION_TIMEOUT_SECONDS: '15' };
  const { way, world, id } = await heldRun(volume, 16 * MiB, limit, 'exec');
  way.silence();
  expect(await ended(world.call, id, 120_000)).toMatchObject({
    ...broken,
    message: expect.stringContaining('was silent for 15 s'),
  });
  await expectNothingLost(world, volume);
});

it('[changed archive] one byte changed in flight: failed at checksum', async () => {
  const volume = faultVolume(8);
  let changed = false;
  const flip = () =>
    changeFrames((payload, index) => {
      if (changed || index < 100 || payload[0] !== STDOUT) return payload;
      changed = true;
      payload.writeUInt8(payload.readUInt8(payload.length - 1) ^ 1, payload.length - 1);
      return payload;
    });
  const way = await wire(await plainApi(), flip);
  const world = await worldWith({ ...OVER_EXEC, NKVM_KUBECONFIG: way.kubeconfig });
  expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
    status: 'failed',
    stage: 'checksum',
    reason: 'DigestDiffers',
    hint: expect.stringContaining('not reliable'),
    archive: null,
  });
  expect(changed).toBe(true);
  await expectNothingLost(world, volume);
});

it('[truncated archive] a piece lost in flight before exit 0: failed at checksum', async () => {
  const volume = faultVolume(8);
  let lost = 0;
  const lose = () =>
    changeFrames((payload, index) => {
      if (lost || index < 100 || payload[0] !== STDOUT) return payload;
      lost = payload.length - 1;
      return undefined;
    });
  const way = await wire(await plainApi(), lose);
  const world = await worldWith({ ...OVER_EXEC, NKVM_KUBECONFIG: way.kubeconfig });
  expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
    status: 'failed',
    stage: 'checksum',
    reason: 'DigestDiffers',
    archive: null,
  });
  expect(lost).toBeGreaterThan(0);
  await expectNothingLost(world, volume);
});
