import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../cluster/machine/run.ts';
import { ended, start } from '../cluster/support/backups.ts';
import { expectNothingLeft, expectNothingLost } from './support/afterwards.ts';
import { heldRun } from './support/heldRun.ts';
import { faultVolume } from './support/volume.ts';
import { begin, worldWith } from './support/world.ts';

const MiB = 1 << 20;

describe('[changed file] while it is read, tar ends with 1: success, with the name in tar’s output, when', () => {
  it.each<[string, (file: string) => void, string, string]>([
    [
      'a file grows',
      file => appendFileSync(file, 'more'),
      './noise: file changed as we read it',
      '1 file changed while it was read',
    ],
    [
      'a file shrinks',
      file => truncateSync(file, MiB),
      './noise: File shrank by',
      '1 file became shorter while it was read: zeros fill the gap',
    ],
  ])('%s', async (_, change, message, warning) => {
    const volume = faultVolume(64);
    const { way, world, id } = await heldRun(volume, 4 * MiB);
    change(join(volume.directory, 'noise'));
    way.release();
    const backup = await ended(world.call, id);
    expect(backup).toMatchObject({ status: 'success', seal: { tarExit: 1 } });
    expect(backup.warnings).toContain(warning);
    expect(backup.tarMessages.join('\n')).toContain(message);
    await expectNothingLost(world, volume, 1);
  });

  it('files vanish', async () => {
    const volume = faultVolume(0);
    const files = Array.from({ length: 32 }, (_, index) => join(volume.directory, `${index}`));
    for (const file of files) writeFileSync(file, randomBytes(2 * MiB));
    const { way, world, id } = await heldRun(volume, 2 * MiB);
    for (const file of files.slice(1)) rmSync(file);
    way.release();
    const backup = await ended(world.call, id);
    expect(backup).toMatchObject({ status: 'success', seal: { tarExit: 1 } });
    expect(backup.tarMessages.join('\n')).toMatch(/\.\/\d+: File removed before we read it/);
    await expectNothingLost(world, volume, 1);
  });
});

it('[unreadable file] a broken disk, tar ends with 2: failed at exec, with the name of the file', async () => {
  const volume = faultVolume(0);
  const { directory } = volume;
  const disk = `${directory}.disk`;
  const mount = () => run('mount', ['-o', 'loop', disk, directory]);
  writeFileSync(disk, '');
  truncateSync(disk, 32 * MiB);
  run('mkfs.ext4', ['-q', '-F', disk]);
  mount();
  onTestFinished(() => {
    run('umount', [directory]);
    rmSync(disk);
  });
  writeFileSync(join(directory, 'noise'), randomBytes(8 * MiB));
  run('mount', ['-o', 'remount,ro', directory]);
  run('umount', [directory]); // what is read must come from the disk
  mount();
  const size = 32 * MiB;
  truncateSync(disk, 9 * MiB);

  const world = await worldWith();
  expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
    status: 'failed',
    stage: 'exec',
    reason: 'TarFailed',
    message: 'tar ended with exit code 2: 1 entry could not be read completely',
    hint: expect.stringContaining('tar’s messages'),
    tarMessages: expect.arrayContaining([
      expect.stringMatching(/\.\/noise: .*Input\/output error/),
    ]),
  });
  truncateSync(disk, size);
  await expectNothingLost(world, volume);
});

it('[empty archive] a volume emptied before the read: failed, and taken when the request accepts it', async () => {
  const volume = faultVolume(1);
  const world = await worldWith();
  await expectNothingLost(world, volume);
  rmSync(join(volume.directory, 'noise'));
  expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
    status: 'failed',
    stage: 'checksum',
    reason: 'VolumeEmptied',
    message: 'the volume has no files, but its previous backup has 2 entries',
    archive: null,
  });
  expectNothingLeft(world, 1);
  expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
    reason: 'VolumeEmptied', // asking again is not enough
  });
  const { run } = await start(world.call, volume.namespace, volume.name, { acceptEmpty: true });
  const empty = await ended(world.call, run?.id ?? '');
  expect(empty).toMatchObject({ status: 'success', seal: { files: 1 } });
  expect(empty.warnings).toEqual([expect.stringContaining('no file')]);
  expectNothingLeft(world, 2);
});

it('[missing file] a volume of 100,000 files: success, each of them counted', async () => {
  const volume = faultVolume(0);
  for (let directory = 0; directory < 100; directory++) {
    const path = join(volume.directory, `${directory}`);
    mkdirSync(path);
    for (let file = 0; file < 1000; file++) writeFileSync(join(path, `${file}`), `${file}`);
  }
  const world = await worldWith({ NKVM_VERIFY_LEVEL: 'contents' });
  const backup = await ended(world.call, await begin(world.call, volume), 120_000);
  expect(backup).toMatchObject({ status: 'success', seal: { files: 100_101, tarExit: 0 } });
  expectNothingLeft(world, 1);
});
