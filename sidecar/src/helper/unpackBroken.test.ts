import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UnpackWorld } from '../testing/unpackWorld.ts';
import { unpackWorld } from '../testing/unpackWorld.ts';

let world: UnpackWorld;
let archive: Buffer;
beforeEach(() => {
  world = unpackWorld();
  writeFileSync(join(world.source, 'a'), 'a');
  archive = world.packed();
});
afterEach(() => world.stop());

describe('a restore is never a success when', () => {
  it('the program that unpacks arrives changed', async () => {
    world.before('cat', 'case $# in 0) printf x;; esac');
    await expect(world.unpack(archive)).rejects.toMatchObject({
      reason: 'PrepareFailed',
      message: expect.stringMatching(/something else did/),
      class: 'transient',
      hasWritten: false,
    });
    expect(readdirSync(world.volume)).toEqual([]);
  });

  it('the result in the pod cannot be read', async () => {
    world.before('cat', 'case "$*" in */result) echo gone >&2; exit 1;; esac');
    await expect(world.unpack(archive)).rejects.toMatchObject({
      reason: 'ResultMissing',
      class: 'transient',
      hasWritten: true,
    });
  });

  it('something has to be replaced where another file system is mounted', async context => {
    const mount = join(world.volume, 'a');
    mkdirSync(mount);
    if (spawnSync('mount', ['-t', 'tmpfs', 'nkvm', mount]).status !== 0) {
      return context.skip('this machine does not let us mount');
    }
    try {
      writeFileSync(join(mount, 'inside'), '');
      await expect(world.unpack(archive, { mode: 'overwrite' })).rejects.toMatchObject({
        reason: 'VolumeInTheWay',
        details: ['a'],
      });
      expect(readdirSync(mount)).toEqual(['inside']);
    } finally {
      spawnSync('umount', [mount]);
    }
  });
});
