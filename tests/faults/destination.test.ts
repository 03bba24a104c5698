import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ended } from '../cluster/support/backups.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { worldOn } from './support/fileSystem.ts';
import { heldRun } from './support/heldRun.ts';
import { faultVolume } from './support/volume.ts';
import { begin } from './support/world.ts';

const MiB = 1 << 20;
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
      hint: expect.stringContaining('delete archives that are no longer needed'),
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
  const { way, world, id } = await heldRun(volume, 16 * MiB);
  // What has arrived is on its way to a file that has no name of an archive yet; its first bytes are written.
  changeByte(join(world.backups, temporaryIn(world.backups)), 1000);
  way.release();
  expect(await ended(world.call, id)).toMatchObject({
    status: 'failed',
    stage: 'checksum',
    reason: 'ArchiveBroken', // the first backup of a claim is unpacked for its proof
    hint: expect.stringContaining('check the storage'),
    archive: null,
  });
  await expectNothingLost(world, volume);
});

const temporaryIn = (directory: string): string => {
  const [name, ...others] = readdirSync(directory).filter(each => each.startsWith('.tmp-nkvm-'));
  if (!name || others.length > 0) throw new Error(`${directory} holds not one temporary file`);
  return name;
};

function changeByte(path: string, at: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  if (readSync(file, byte, 0, 1, at) !== 1) throw new Error(`${path} has no byte ${at} yet`);
  byte.writeUInt8(byte.readUInt8(0) ^ 1);
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}
