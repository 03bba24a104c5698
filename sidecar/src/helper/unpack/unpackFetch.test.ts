import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { breakingWay, misled, portOf, testListener } from '../../testing/helper/pushWorld.ts';
import type { UnpackWorld } from '../../testing/helper/unpackWorld.ts';
import { SAME, unpackWorld } from '../../testing/helper/unpackWorld.ts';

const MIB = 2 ** 20;
let world: UnpackWorld;
let archive: Buffer;
const noise = randomBytes(8 * MIB);
beforeEach(() => {
  world = unpackWorld();
  writeFileSync(join(world.source, 'noise'), noise);
  archive = world.packed();
});
afterEach(() => world.stop());

const restored = (): Buffer => readFileSync(join(world.volume, 'noise'));

it('lets the pod fetch the archive', async () => {
  const push = await testListener();
  const onRoute = vi.fn();
  const unpacked = await world.unpack(archive, {}, { push, onRoute });
  expect(unpacked).toMatchObject({ comparison: SAME, sent: { bytes: archive.length } });
  expect(restored().equals(noise)).toBe(true);
  expect(onRoute.mock.calls).toEqual([
    [{ transport: 'push', transportReason: `the helper pod reached NKVM at ${push.where}` }],
  ]);
});

describe('sends it over exec where', () => {
  it('the pod cannot connect', async () => {
    const onRoute = vi.fn();
    const push = misled(await testListener(), { token: 'A'.repeat(43) });
    const unpacked = await world.unpack(archive, {}, { push, onRoute });
    expect(unpacked.comparison).toMatchObject(SAME);
    expect(restored().equals(noise)).toBe(true);
    expect(onRoute.mock.calls).toEqual([
      [
        {
          transport: 'exec',
          transportReason: `the helper pod could not push to ${push.where}: NKVM does not know the token`,
        },
      ],
    ]);
  });

  it('it is not to be fetched', async () => {
    const onRoute = vi.fn();
    await world.unpack(archive, {}, { push: 'it broke before', onRoute });
    expect(onRoute.mock.calls).toEqual([
      [{ transport: 'exec', transportReason: 'it broke before' }],
    ]);
  });
});

describe('a restore is never a success when', () => {
  it.each(['reset', 'end'] as const)('the connection breaks (%s)', async how => {
    const listener = await testListener();
    const push = misled(listener, {
      port: await breakingWay(portOf(listener), 3 * MIB, how, 'answer'),
    });
    await expect(world.unpack(archive, {}, { push })).rejects.toMatchObject({
      ...{ stage: 'copy', reason: 'PushBroke', class: 'transient', hasWritten: true },
    });
  });

  it('the archive cannot be read to its end', async () => {
    const broken = Readable.from(
      (async function* () {
        yield archive.subarray(0, MIB);
        throw new Error('the disk is gone');
      })()
    );
    const push = await testListener();
    await expect(world.unpack(broken, {}, { push })).rejects.toThrow('the disk is gone');
  });

  it('the archive is refused in the middle', async () => {
    const push = await testListener();
    const expected = { rawBytes: MIB };
    await expect(world.unpack(archive, { expected }, { push })).rejects.toMatchObject({
      reason: 'ArchiveNotAsSealed',
    });
  });

  it('it is cancelled', async () => {
    const ended = new AbortController();
    const push = await testListener();
    const body = new Readable({ read: () => undefined });
    body.push(archive.subarray(0, MIB));
    await expect(
      world.unpack(
        body,
        {},
        { push, signal: ended.signal, onProgress: () => ended.abort(new Error('cancelled')) }
      )
    ).rejects.toThrow('cancelled');
  });
});
