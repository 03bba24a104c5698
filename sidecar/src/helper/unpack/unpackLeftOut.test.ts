import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'vitest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARCHIVE } from '../../testing/helper/packing.ts';
import type { UnpackWorld } from '../../testing/helper/unpackWorld.ts';
import { SAME, unpackWorld } from '../../testing/helper/unpackWorld.ts';

let world: UnpackWorld;
let mounted: string[];

beforeEach(() => {
  world = unpackWorld();
  mounted = [];
});
afterEach(async () => {
  for (const path of mounted.reverse()) spawnSync('umount', ['--lazy', path]);
  await world.stop();
});

function put(root: string, ...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), path);
  }
}

/** Mounts an empty file system that cannot be written to, as servers show their snapshots. */
function mountReadOnly(context: TestContext, path: string): void {
  mkdirSync(join(world.volume, path), { recursive: true });
  const args = ['-t', 'tmpfs', '-o', 'ro', 'nkvm', join(world.volume, path)];
  if (spawnSync('mount', args).status !== 0) context.skip('this machine does not let us mount');
  mounted.push(join(world.volume, path));
}

const exists = (path: string): boolean => existsSync(join(world.volume, path));

describe('mode mirror', () => {
  it('does not delete what the backup left out', async () => {
    put(world.source, 'live', 'cache/kept-out');
    put(world.volume, 'live', 'old', 'cache/a', 'new/x.log', 'new/deep/y.log', 'new/z', 'gone/z');
    put(world.volume, '.snapshot/hourly.0/a', '~snapshot/b', '.zfs/snapshot/c', 'lost+found/#1');
    put(world.volume, `backups/${ARCHIVE}`, `backups/${ARCHIVE}.json`, 'backups/other');
    spawnSync('rm', ['-r', join(world.source, 'cache')]);
    const done = await world.unpack(world.packed(), {
      mode: 'mirror',
      patterns: ['cache', '*.log'],
    });
    expect(done.comparison).toMatchObject(SAME);
    expect(readdirSync(world.volume).sort()).toEqual(
      ['.snapshot', '.zfs', 'backups', 'cache', 'live', 'lost+found', 'new', '~snapshot'].sort()
    );
    expect(['new/x.log', 'new/deep/y.log', `backups/${ARCHIVE}`].every(exists)).toBe(true);
    expect(['new/z', 'backups/other'].some(exists)).toBe(false);
    expect(done.deleted).toBe(5); // old, gone/z, gone, new/z, backups/other
  });

  it('deletes the same where no pattern says so', async () => {
    put(world.source, 'live');
    put(world.volume, 'cache/a', 'deep/.snapshot/a');
    const done = await world.unpack(world.packed(), { mode: 'mirror' });
    expect(readdirSync(world.volume)).toEqual(['live']);
    expect(done.deleted).toBe(5);
  });
});

describe('another file system in the volume', () => {
  it.each(['empty', 'overwrite', 'mirror'] as const)(
    'does not make a restore fail: mode %s',
    async (mode, context) => {
      mountReadOnly(context as unknown as TestContext, 'own');
      put(world.source, 'live');
      mkdirSync(join(world.source, 'own'), { mode: 0o700 });
      const done = await world.unpack(world.packed(), { mode });
      expect(done.comparison).toMatchObject(SAME);
      expect(readFileSync(join(world.volume, 'live'), 'utf8')).toBe('live');
    }
  );

  it('is not compared, also where it holds something', async context => {
    mkdirSync(join(world.volume, '.snapshot/hourly.0'), { recursive: true });
    const copy = [
      '--bind',
      join(world.volume, '.snapshot/hourly.0'),
      join(world.volume, '.snapshot'),
    ];
    put(world.volume, '.snapshot/hourly.0/a');
    if (spawnSync('mount', copy).status !== 0) {
      return context.skip('this machine does not let us mount');
    }
    mounted.push(join(world.volume, '.snapshot'));
    put(world.source, 'live');
    const done = await world.unpack(world.packed(), { mode: 'empty' });
    expect(done.comparison).toMatchObject({ ...SAME, entries: 2 });
  });
});
