import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExecBroken } from '../../cluster/gateway/exec.ts';
import type { UnpackWorld } from '../../testing/helper/unpackWorld.ts';
import { unpackWorld } from '../../testing/helper/unpackWorld.ts';

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
      message: expect.stringMatching(/another program did/),
      class: 'transient',
      hasWritten: false,
    });
    expect(readdirSync(world.volume)).toEqual([]);
  });

  it('a command has ended before anything could be sent to it', async () => {
    world.change(({ execWithInput }) => ({
      async execWithInput(target, _command, options) {
        const running = await execWithInput(target, ['sh', '-c', 'echo no >&2; exit 9'], options);
        await running.exit;
        running.stdin.destroy();
        return running;
      },
    }));
    await expect(world.unpack(archive)).rejects.toMatchObject({
      reason: 'PrepareFailed',
      message: expect.stringContaining(': no'),
      class: 'transient',
      hasWritten: false,
    });
  });

  it('the result in the pod cannot be read', async () => {
    world.before('cat', 'case "$*" in */result) echo gone >&2; exit 1;; esac');
    await expect(world.unpack(archive)).rejects.toMatchObject({
      reason: 'ResultMissing',
      class: 'transient',
      hasWritten: true,
    });
  });

  it.each([
    ['breaks', 'SendBroke', () => new ExecBroken('the connection broke')],
    ['changes a byte', 'ReceivedDiffers', undefined],
  ])('the way to the pod %s', async (_, reason, broken) => {
    // Not for what is sent before: a program that does not arrive is another failure.
    let calls = 0;
    world.change(({ execWithInput }) => ({
      async execWithInput(...call) {
        const running = await execWithInput(...call);
        calls += 1;
        if (calls < 2) return running;
        const { stdin } = running;
        const changed = new Writable({
          write(piece: Buffer, _encoding, done) {
            if (broken) {
              running.abort();
              return done(broken());
            }
            const others = Buffer.from(piece);
            others[4] = 1; // a time in the head of the gzip, which nothing else looks at
            stdin.write(others, () => done());
          },
          final: done => void stdin.end(done),
        });
        const exit = broken ? running.exit.then(() => Promise.reject(broken())) : running.exit;
        return { ...running, exit, stdin: changed };
      },
    }));
    await expect(world.unpack(archive)).rejects.toMatchObject({ reason, class: 'transient' });
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
