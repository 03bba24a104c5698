import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ended } from '../cluster/support/backups.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { smallWorld } from './support/fileSystem.ts';
import { heldRun } from './support/heldRun.ts';
import type { Transport } from './support/transports.ts';
import { over, rowsOver } from './support/transports.ts';
import { faultVolume } from './support/volume.ts';
import { begin } from './support/world.ts';

const MiB = 1 << 20;
const ROOM = 'size=256m,nr_inodes=1000';

describe('[half an archive] a destination that is full', () => {
  // The directories have two of the inodes, the temporary has one; a second name takes another.
  const inDirectory = (transport: Transport): [string, number, string, string, Transport][] => [
    ['at the start', 8, 'size=4k', 'copy', transport],
    ['in the middle', 8, 'size=4m', 'copy', transport],
    ['at publish', 8, 'size=64m,nr_inodes=3', 'publish', transport],
    ['at the manifest', 8, 'size=64m,nr_inodes=4', 'publish', transport],
  ];
  it.each(
    rowsOver([
      ...inDirectory('exec'),
      ...inDirectory('push'),
      ['at the first part', 32, 'size=8m', 'copy', 'direct'],
      ['at a later part', 32, 'size=20m', 'copy', 'direct'],
      // The server makes one file of the parts, beside them.
      ['when the upload is completed', 32, 'size=50m', 'publish', 'direct'],
    ])
  )('%s: failed, nothing left (%i MiB, %s, %s, %s)', async (_, mib, options, stage, transport) => {
    const volume = faultVolume(mib);
    const world = await smallWorld(options, transport);
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

it.each(over('exec', 'push'))(
  '[lost backup] a destination that becomes read-only (%s): failed, and what is there stays',
  async transport => {
    const volume = faultVolume(8);
    const world = await smallWorld(ROOM, transport);
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
  }
);

it.each(over('direct'))(
  '[lost backup] a bucket that becomes read-only (%s): failed, and what is there stays',
  async transport => {
    const volume = faultVolume(32);
    const world = await smallWorld('size=256m', transport);
    expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
      ...{ status: 'success', transport: 'direct' },
    });
    world.remount('ro');
    expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
      ...{ status: 'failed', stage: 'copy', archive: null },
    });
    world.remount('rw');
    await expectNothingLost(world, volume, 1);
  }
);

it.each(over('exec', 'push', 'direct'))(
  '[changed archive] one byte changed at rest, before it is read back: failed, nothing left (%s)',
  async transport => {
    const volume = faultVolume(32);
    const { way, world, id } = await heldRun(volume, 24 * MiB, {}, transport);
    // The first bytes are written, to a file that does not have the name of an archive yet.
    changeByte(unfinishedIn(world.backups, transport), 1000);
    way.release();
    const run = await ended(world.call, id);
    expect(run).toMatchObject({
      status: 'failed',
      stage: 'checksum',
      reason: 'ArchiveBroken', // the first backup of a claim is unpacked for its proof
      hint: expect.stringContaining('check the storage'),
      archive: null,
    });
    await expectNothingLost(world, volume);
  }
);

/** @returns the path of what the destination has of an archive: a temporary file, or the first part of an upload. */
function unfinishedIn(backups: string, transport: Transport): string {
  if (transport !== 'direct') return join(backups, temporaryIn(backups));
  const uploads = join(backups, '.sgwtmp/multipart');
  const [part, ...others] = readdirSync(uploads, { recursive: true, encoding: 'utf8' }).filter(
    path => path.endsWith('/1')
  );
  if (!part || others.length > 0) throw new Error(`${uploads} holds not one first part`);
  return join(uploads, part);
}

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
