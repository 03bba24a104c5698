import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exampleHelperSpec } from '../../testing/helper/exampleHelperSpec.ts';
import type { ProcessCluster } from '../../testing/helper/processCluster.ts';
import { processCluster } from '../../testing/helper/processCluster.ts';
import { createHelper } from '../helper.ts';
import { lookAtVolume } from './lookAtVolume.ts';

let volume: string;
let cluster: ProcessCluster;
beforeEach(() => {
  volume = mkdtempSync(join(tmpdir(), 'nkvm-look-'));
  cluster = processCluster(volume);
});
afterEach(async () => {
  await cluster.stop();
  rmSync(volume, { recursive: true, force: true });
});

const look = async () =>
  lookAtVolume(await createHelper(cluster, 'shop', exampleHelperSpec), {
    signal: new AbortController().signal,
  });

it('tells free space and inodes and the file system', async () => {
  const seen = await look();
  expect(seen.freeBytes).toBeGreaterThan(1_000_000);
  expect(seen.filesystem).toMatch(/^[a-z0-9/]+/);
  expect(seen.freeInodes === null || seen.freeInodes > 0).toBe(true);
});

it('takes a volume for empty only when it holds nothing but the directory lost+found', async () => {
  expect((await look()).isEmpty).toBe(true);
  mkdirSync(join(volume, 'lost+found'));
  expect((await look()).isEmpty).toBe(true);
  writeFileSync(join(volume, '.hidden\n'), '');
  expect((await look()).isEmpty).toBe(false);
});

it('never takes a volume for empty that it cannot read', async () => {
  rmSync(volume, { recursive: true });
  await expect(look()).rejects.toMatchObject({ stage: 'exec', reason: 'VolumeUnreadable' });
});

it('takes a file called lost+found for what it is', async () => {
  writeFileSync(join(volume, 'lost+found'), '');
  expect((await look()).isEmpty).toBe(false);
});

it('takes a volume for empty that holds only directories of its server, and other file systems', async context => {
  for (const name of ['.snapshot/hourly.0', '~snapshot', '.zfs/snapshot', 'mounted [x] y']) {
    mkdirSync(join(volume, name), { recursive: true });
  }
  expect((await look()).isEmpty).toBe(false);
  const mount = ['-t', 'tmpfs', 'nkvm', join(volume, 'mounted [x] y')];
  if (spawnSync('mount', mount).status !== 0) {
    return context.skip('this machine does not let us mount');
  }
  try {
    writeFileSync(join(volume, 'mounted [x] y', 'a'), '');
    expect((await look()).isEmpty).toBe(true);
    mkdirSync(join(volume, '.zfs', 'own'));
    expect((await look()).isEmpty).toBe(false);
  } finally {
    spawnSync('umount', ['--lazy', join(volume, 'mounted [x] y')]);
  }
});
