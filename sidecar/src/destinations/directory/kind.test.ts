import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDestination } from '../../testing/destinations/destinationSuite.ts';
import { keysOf } from '../destination.ts';
import { directory } from './kind.ts';

let root = '';
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'nkvm-kind-'))));
afterEach(() => rm(root, { recursive: true, force: true }));

describe('the settings of a directory', () => {
  it.each([
    ['/mnt/nas', '/mnt/nas'],
    ['/mnt//nas/', '/mnt/nas'],
    ['/mnt/nas/../other', '/mnt/other'],
  ])('take %s as %s', (path, taken) =>
    expect(directory.settings.parse({ path })).toEqual({ path: taken })
  );

  it.each([
    {},
    { path: '' },
    { path: 'mnt/nas' },
    { path: '/mnt/\0' },
    { path: '/mnt', host: 'x' },
  ])('do not take %j', settings =>
    expect(directory.settings.safeParse(settings).success).toBe(false)
  );
});

it('a directory takes no archive when too little would stay free', async () => {
  const context = { name: 'nas', installation: 'i', workDir: '/none' };
  const stage = (floorBytes: number) =>
    directory
      .open({ path: root }, { ...context, floorBytes })
      .stage('a.tar.gz', Readable.from([Buffer.from('archive')]));
  await expect(stage(Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
    reason: 'DestinationNearlyFull',
  });
  await (await stage(1)).discard();
});

describe('a directory that NKVM uses itself', () => {
  const open = (path: string) =>
    directory.open(
      { path },
      { name: 'nas', installation: 'i', workDir: '/none', ownDirs: [join(root, 'own')] }
    );
  const refusal = expect.objectContaining({ reason: 'DirectoryTaken', class: 'needs-action' });

  it.each(['own', 'own/deeper', '.', '..', '/'])('is refused: %s', async path => {
    await mkdir(join(root, 'own'));
    expect(() => open(path === '/' ? '/' : join(root, path))).toThrow(refusal);
  });

  it('is refused through a symbolic link', async () => {
    await mkdir(join(root, 'own'));
    await symlink(root, join(root, 'link'));
    expect(() => open(join(root, 'link', 'own', 'new'))).toThrow(refusal);
  });

  it('is refused when the directory becomes a symbolic link to it later', async () => {
    const own = join(root, 'own');
    const nas = join(root, 'nas');
    await mkdir(own);
    await mkdir(nas);
    await writeFile(join(own, 'a.tar.gz'), 'of another destination');
    const to = open(nas);
    await to.put('b.json', '{}');
    const body = () => Readable.from([Buffer.from('x')]);
    const staged = await to.stage('c.tar.gz', body());
    await rename(nas, join(root, 'was'));
    await symlink(own, nas);
    for (const call of [
      () => to.put('d.json', '{}'),
      () => to.stage('d.tar.gz', body()),
      () => staged.publish(),
      () => to.stat('a.tar.gz'),
      () => to.open('a.tar.gz'),
      () => keysOf(to),
      () => to.remove('a.tar.gz'),
      () => to.sweep(),
    ])
      await expect(call()).rejects.toEqual(refusal);
    expect(await readdir(own)).toEqual(['a.tar.gz']);
  });

  it.each(['own-not', 'other', 'other/own'])('is not %s', async path => {
    await mkdir(join(root, 'own'));
    expect(open(join(root, path))).toMatchObject({
      id: 'nas',
      kind: 'directory',
      location: join(root, path),
    });
  });
});

it('is never made', async () => {
  const destination = directory.open(
    { path: join(root, 'not-mounted') },
    { name: 'nas', installation: 'i', workDir: '/none' }
  );
  await expect(destination.put('a.json', '{}')).rejects.toMatchObject({
    reason: 'DestinationMissing',
  });
});

describeDestination('directory of a Secret', async () => {
  const open = (installation: string) =>
    directory.open({ path: root }, { name: 'nas', installation, workDir: '/none' });
  return {
    destination: open('us'),
    restarted: () => open('us'),
    ofAnother: () => open('another'),
  };
});
