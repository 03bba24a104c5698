import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ended } from '../cluster/support/backups.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { worldOn } from './support/fileSystem.ts';
import { stopOnName } from './support/onName.ts';
import { faultVolume } from './support/volume.ts';
import { begin, worldWith } from './support/world.ts';

const ROOM = 'size=64m,nr_inodes=100';

describe('[half an archive] a destination that is full', () => {
  it.each([
    ['at the start', 'size=4k', 'copy'],
    ['in the middle', 'size=4m', 'copy'],
    // The directories have two of the inodes, the temporary has one; a second name takes another.
    ['at publish', 'size=64m,nr_inodes=3', 'publish'],
    ['at the manifest', 'size=64m,nr_inodes=4', 'publish'],
  ])('%s: failed, nothing left', async (_, options, stage) => {
    const volume = faultVolume(8);
    const world = await worldOn(options);
    expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
      status: 'failed',
      stage,
      reason: 'DestinationFull',
      hint: expect.stringContaining('delete archives that nobody needs'),
      archive: null,
      warnings: [],
    });
    world.remount(ROOM);
    await expectNothingLost(world, volume);
  });
});

it('[lost backup] a destination that becomes read-only: failed, and what is there stays', async () => {
  const volume = faultVolume(8);
  const world = await worldOn(ROOM);
  expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
    status: 'success',
  });
  world.remount('ro');
  expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
    status: 'failed',
    stage: 'copy',
    reason: 'DestinationNotWritable',
    message: expect.stringContaining('EROFS'),
    archive: null,
  });
  world.remount('rw');
  await expectNothingLost(world, volume, 1);
});

it('[changed archive] one byte changed at rest, before it is read back: failed, nothing left', async () => {
  const volume = faultVolume(32);
  const world = await worldWith();
  const id = await begin(world.call, volume);
  const name = await stopOnName(world.sidecar.pid, world.backups, '.tar.gz');
  changeLastByte(join(world.backups, name));
  process.kill(world.sidecar.pid, 'SIGCONT');
  expect(await ended(world.call, id)).toMatchObject({
    status: 'failed',
    stage: 'checksum',
    reason: 'ReadBackDiffers',
    hint: expect.stringContaining('check its disk'),
    archive: null,
  });
  await expectNothingLost(world, volume);
});

function changeLastByte(path: string): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  const at = statSync(path).size - 1;
  readSync(file, byte, 0, 1, at);
  byte.writeUInt8(byte.readUInt8(0) ^ 1);
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}
