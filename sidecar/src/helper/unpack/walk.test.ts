import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exampleHelperSpec } from '../../testing/helper/exampleHelperSpec.ts';
import type { ProcessCluster } from '../../testing/helper/processCluster.ts';
import { processCluster } from '../../testing/helper/processCluster.ts';
import type { HelperCluster } from '../helper.ts';
import { createHelper } from '../helper.ts';
import type { WalkedEntry } from './walk.ts';
import { walkVolume } from './walk.ts';

let volume: string;
let cluster: ProcessCluster;
beforeEach(() => {
  volume = mkdtempSync(join(tmpdir(), 'nkvm-walk-'));
  cluster = processCluster(volume);
});
afterEach(async () => {
  await cluster.stop();
  rmSync(volume, { recursive: true, force: true });
});

async function walk(limitMs = 60_000, changed: Partial<HelperCluster> = {}, stop?: AbortSignal) {
  const helper = await createHelper({ ...cluster, ...changed }, 'shop', exampleHelperSpec);
  const entries: WalkedEntry[] = [];
  const signal = stop ?? new AbortController().signal;
  const { isComplete } = await walkVolume(helper, { limitMs, signal }, entry =>
    entries.push(entry)
  );
  return { isComplete, entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

it('tells type, size and time of everything, whatever its name', async () => {
  mkdirSync(join(volume, 'dir'));
  writeFileSync(join(volume, 'dir', 'two\nlines \\'), '12345');
  writeFileSync(Buffer.concat([Buffer.from(join(volume, 'x')), Buffer.of(0xff)]), '');
  symlinkSync('nowhere', join(volume, 'link'));
  execFileSync('touch', ['-h', '-d', '@1000000000.123456789', join(volume, 'link')]);
  execFileSync('touch', ['-d', '@-1.5', join(volume, 'dir', 'two\nlines \\')]);
  execFileSync('mkfifo', [join(volume, 'pipe')]);
  const { isComplete, entries } = await walk();
  expect(isComplete).toBe(true);
  expect(entries).toMatchObject([
    { path: 'dir', type: 'directory', bytes: 0 },
    {
      path: 'dir/two\nlines \\\\',
      type: 'file',
      bytes: 5,
      seconds: -2,
      nanoseconds: 500_000_000,
    },
    { path: 'link', type: 'symlink', bytes: 0, seconds: 1_000_000_000, nanoseconds: 123_456_789 },
    { path: 'pipe', type: 'fifo' },
    { path: 'x\\377', type: 'file' },
  ]);
});

it('is complete in an empty volume', async () => {
  expect(await walk()).toEqual({ isComplete: true, entries: [] });
});

it('ends at its limit with what it has found, and says so', async () => {
  writeFileSync(join(volume, 'a'), '');
  const { isComplete, entries } = await walk(300, {
    exec: (target, [program = '', ...args], options) =>
      cluster.exec(
        target,
        [program, ...args.map(word => (word.includes('exec find') ? SLOW : word))],
        options
      ),
  });
  expect(isComplete).toBe(false);
  expect(entries.map(({ path }) => path)).toEqual(['a']);
});
/** Finds, and then waits for something else. */
const SLOW = 'find "$1" -mindepth 1 -printf "%y %s %T@ %P\\0"; exec sleep 60';

it('is never complete where the volume cannot be read', async () => {
  rmSync(volume, { recursive: true });
  expect(await walk()).toEqual({ isComplete: false, entries: [] });
});

it('stops when it is told to', async () => {
  await expect(walk(60_000, {}, AbortSignal.abort(new Error('stopped')))).rejects.toThrow(
    'stopped'
  );
});

it('does not look into other file systems', async context => {
  mkdirSync(join(volume, 'a b*', 'c'), { recursive: true });
  if (spawnSync('mount', ['-t', 'tmpfs', 'nkvm', join(volume, 'a b*')]).status !== 0) {
    return context.skip('this machine does not let us mount');
  }
  try {
    writeFileSync(join(volume, 'a b*', 'inside'), '');
    expect((await walk()).entries).toMatchObject([{ path: 'a b*', type: 'mount' }]);
  } finally {
    spawnSync('umount', ['--lazy', join(volume, 'a b*')]);
  }
});
