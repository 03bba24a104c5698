import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'vitest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Packing } from '../../testing/helper/packing.ts';
import { ARCHIVE, packing } from '../../testing/helper/packing.ts';

let world: Packing;
let mounted: string[];

beforeEach(() => {
  world = packing();
  mounted = [];
});
afterEach(() => {
  for (const path of mounted.reverse()) spawnSync('umount', ['--lazy', path]);
  world.remove();
});

const at = (path: string): string => join(world.volume, path);

function put(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), 'contents');
  }
}

/** Mounts something in the volume until the test ends. */
function mount(context: TestContext, path: string, ...options: string[]): void {
  if (options.length === 0) mkdirSync(at(path), { recursive: true });
  const args = options.length > 0 ? options : ['-t', 'tmpfs', 'nkvm'];
  if (spawnSync('mount', [...args, at(path)]).status !== 0) {
    context.skip('this machine does not let us mount');
  }
  mounted.push(at(path));
}

const omitted = () => world.sealed().seal.omitted;

describe('other file systems in the volume', () => {
  it('are left out, each is named, and their directories stay', async context => {
    put('own/file');
    mount(context, 'own/cache');
    mount(context, 'with [odd] na*me\\x');
    put('own/cache/deep/a', 'with [odd] na*me\\x/b', 'own/cachet/kept');
    expect(await world.packWithout()).toEqual([
      './',
      './own/',
      './own/cache/',
      './own/cachet/',
      './own/cachet/kept',
      './own/file',
      './with [odd] na*me\\\\x/',
    ]);
    expect(omitted().mounts).toBe(2);
    const { messages, mountsInside, tar } = world.sealed();
    expect(messages).toContainEqual(
      'nkvm: ./own/cache: left out: another file system (tmpfs) is mounted there'
    );
    expect(messages).toHaveLength(2);
    expect({ mountsInside, errors: tar.errors }).toEqual({ mountsInside: 0, errors: 0 });
  });

  it('are included where the claim says so', async context => {
    mount(context, 'cache');
    put('cache/a');
    expect(await world.packWithout({ includes: ['mounts'] })).toEqual([
      './',
      './cache/',
      './cache/a',
    ]);
    expect(omitted()).not.toHaveProperty('mounts');
    expect(world.sealed().mountsInside).toBe(1);
  });

  it('are told from directories of the volume by mounts: a bind mount of the same device is one', async context => {
    put('snapshots/daily/a', 'live', 'view/hidden');
    mount(context, 'view', '--bind', at('snapshots'));
    expect(await world.packWithout()).toEqual([
      './',
      './live',
      './snapshots/',
      './snapshots/daily/',
      './snapshots/daily/a',
      './view/',
    ]);
    expect(omitted().mounts).toBe(1);
  });

  it('are left out where a file is the mount point', async context => {
    put('a', 'b');
    mount(context, 'a', '--bind', at('b'));
    expect(await world.packWithout()).toEqual(['./', './b']);
  });
});

describe('directories of the file system or its server', () => {
  it('are left out at the top, counted, and kept deeper down', async () => {
    put('.snapshot/hourly.0/a', '.snapshot/hourly.1/a', 'deep/.snapshot/a', '~snapshot/x');
    put('.zfs/snapshot/daily/a', 'lost+found/#12', 'deep/lost+found/a', 'live');
    expect(await world.packWithout()).toEqual([
      './',
      './deep/',
      './deep/.snapshot/',
      './deep/.snapshot/a',
      './deep/lost+found/',
      './deep/lost+found/a',
      './live',
    ]);
    expect(omitted().reserved).toBe(2 + 1 + 1 + 1);
    expect(world.sealed().messages).toContain(
      'nkvm: ./.snapshot: left out, with 2 entries: it belongs to the file system or its server'
    );
  });

  it('are included where the claim says so', async () => {
    put('.snapshot/a', 'lost+found/a');
    const names = await world.packWithout({ includes: ['reserved'] });
    expect(names).toEqual([
      './',
      './.snapshot/',
      './.snapshot/a',
      './lost+found/',
      './lost+found/a',
    ]);
    expect(omitted()).not.toHaveProperty('reserved');
  });

  it('are not taken for such where they are something else', async () => {
    put('.snapshot', '.zfs/own', '.zfs/snapshot/a', 'elsewhere');
    symlinkSync('elsewhere', at('lost+found'));
    expect(await world.packWithout()).toEqual([
      './',
      './.snapshot',
      './.zfs/',
      './.zfs/own',
      './elsewhere',
      './lost+found',
    ]);
    expect(omitted().reserved).toBe(1);
  });

  it('are told once where they are mounted, too', async context => {
    mount(context, '.snapshot');
    put('.snapshot/hourly.0/a');
    expect(await world.packWithout()).toEqual(['./']);
    expect(omitted()).toMatchObject({ reserved: 1 });
    expect(world.sealed()).toMatchObject({ mountsInside: 0, messages: { length: 1 } });
  });
});

describe('patterns of the claim', () => {
  it('leave out what tar leaves out for them, and only that', async () => {
    put(
      'cache/a',
      'cache/b',
      'deep/cache/c',
      'deep/x.log',
      'x.log.1',
      'notcache',
      'top/tmp',
      'tmp/x'
    );
    expect(await world.packWithout({ patterns: ['cache', '*.log', './tmp'] })).toEqual([
      './',
      './deep/',
      './notcache',
      './top/',
      './top/tmp',
      './x.log.1',
    ]);
    expect(omitted().excluded).toBe(4);
  });

  it('are never read by a shell, nor as options', async () => {
    put('$(touch owned)', '--files-from=x', ' lead', 'kept', "it's");
    const patterns = ['$(touch owned)', '--files-from=x', ' lead', "it's"];
    expect(await world.packWithout({ patterns })).toEqual(['./', './kept']);
    expect(omitted().excluded).toBe(4);
  });

  it('leave nothing out of what they do not match, and say that nothing matched', async () => {
    put('a');
    expect(await world.packWithout({ patterns: ['nothing'] })).toEqual(['./', './a']);
    expect(omitted()).not.toHaveProperty('excluded');
  });

  it('do not let the used bytes and names of files count that are not in the archive', async () => {
    put('cache/a', 'b');
    writeFileSync(at('cache/big'), Buffer.alloc(4_000_000, 'x'));
    linkSync(at('cache/a'), at('cache/again'));
    await world.packWithout({ patterns: ['cache'] });
    expect(world.sealed().tar.changed).toBe(0);
    expect(world.sealed().usedBytes).toBeLessThan(1_000_000);
  });

  it('must have arrived in the pod before', () => expect(world.endWithoutPatterns()).toBe(125));
});

describe('archives of NKVM', () => {
  const json = `${ARCHIVE}.json`;

  it('are left out wherever they are, and counted with their size', async () => {
    put(`backups/${ARCHIVE}`, `backups/${json}`, 'backups/other.tar.gz', 'b__c.tar.gz');
    put(`minio/bucket/${ARCHIVE}/xl.meta`, '.tmp-nkvm-0123456789abcdef-x');
    expect(await world.packWithout()).toEqual([
      './',
      './b__c.tar.gz',
      './backups/',
      './backups/other.tar.gz',
      './minio/',
      './minio/bucket/',
    ]);
    expect(omitted()).toMatchObject({ archives: 3, archiveBytes: 24 });
  });

  it('are included where the claim says so', async () => {
    put(`backups/${ARCHIVE}`);
    const names = await world.packWithout({ includes: ['archives'] });
    expect(names).toContain(`./backups/${ARCHIVE}`);
    expect(omitted()).not.toHaveProperty('archives');
  });
});
