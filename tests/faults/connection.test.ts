import { Transform } from 'node:stream';
import { expect, it } from 'vitest';
import { ended } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { changeFrames, STDOUT } from './support/frames.ts';
import { heldRun } from './support/heldRun.ts';
import { helperOnNode } from './support/onNode.ts';
import { dropPackets } from './support/packets.ts';
import { plainApi } from './support/plainApi.ts';
import type { Transport } from './support/transports.ts';
import { heldGround, over, rowsOver } from './support/transports.ts';
import { faultVolume } from './support/volume.ts';
import { wire } from './support/wire.ts';
import { begin, worldOn, worldWith } from './support/world.ts';

const MiB = 1 << 20;

/** The end of a run over each transport when a connection of its archive has broken. */
const BROKEN: Record<Transport, object> = {
  exec: { status: 'failed', stage: 'copy', reason: 'StreamBroke', archive: null },
  push: {
    ...{ status: 'failed', stage: 'copy', reason: 'PushBroke', archive: null, transport: 'push' },
    hint: expect.stringContaining('through the API server'),
  },
  // The helper pod sends the part again.
  direct: { status: 'success', attempt: 1, transport: 'direct' },
};

const archivesAfter = (transport: Transport): number => (transport === 'direct' ? 1 : 0);

it.each(
  rowsOver([
    ['after exit 0', 31.5 * MiB, true, 'exec'],
    ['in mid-stream', 16 * MiB, false, 'push'],
    ['in mid-stream', 24 * MiB, false, 'direct'],
  ])
)(
  '[truncated archive] connection cut %s: failed at copy, or the part is sent again',
  async (_, bytes, isSealed, transport) => {
    const volume = faultVolume(32);
    const { way, world, id } = await heldRun(volume, bytes, {}, transport);
    const helper = helperOnNode(id);
    if (isSealed) await until('the packing command has ended', () => helper.isSealed(), 20_000);
    way.cut();
    expect(await ended(world.call, id, 120_000)).toMatchObject(BROKEN[transport]);
    await expectNothingLost(world, volume, archivesAfter(transport));
  }
);

it.each(over('exec', 'push', 'direct'))(
  '[truncated archive] connection cut silently, without FIN: failed at copy, or the part is sent again (%s)',
  async transport => {
    const volume = faultVolume(32);
    const limit: Record<string, string> =
      transport === 'exec' ? { NKVM_CONNECTION_TIMEOUT_SECONDS: '15' } : {};
    const bytes = transport === 'direct' ? 24 * MiB : 16 * MiB;
    const { way, world, id } = await heldRun(volume, bytes, limit, transport);
    way.silence();
    if (transport === 'push') dropPackets(way.port);
    expect(await ended(world.call, id, 180_000)).toMatchObject({
      ...BROKEN[transport],
      ...(transport === 'exec' && { message: expect.stringContaining('was silent for 15 s') }),
    });
    if (transport !== 'push') await expectNothingLost(world, volume, archivesAfter(transport));
  }
);

it.each(over('exec'))(
  '[changed archive] one byte changed in flight: failed at checksum (%s)',
  async () => {
    const volume = faultVolume(8);
    let changed = false;
    const flip = () =>
      changeFrames((payload, index) => {
        if (changed || index < 100 || payload[0] !== STDOUT) return payload;
        changed = true;
        payload.writeUInt8(payload.readUInt8(payload.length - 1) ^ 1, payload.length - 1);
        return payload;
      });
    const way = await wire(await plainApi(), flip);
    const world = await worldWith({ NKVM_KUBECONFIG: way.kubeconfig }, 'exec');
    expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
      status: 'failed',
      stage: 'checksum',
      reason: 'DigestDiffers',
      hint: expect.stringContaining('not reliable'),
      archive: null,
    });
    expect(changed).toBe(true);
    await expectNothingLost(world, volume);
  }
);

it.each(over('exec'))(
  '[truncated archive] a piece lost in flight before exit 0 (%s): failed at checksum',
  async () => {
    const volume = faultVolume(8);
    let lost = 0;
    const lose = () =>
      changeFrames((payload, index) => {
        if (lost || index < 100 || payload[0] !== STDOUT) return payload;
        lost = payload.length - 1;
        return undefined;
      });
    const way = await wire(await plainApi(), lose);
    const world = await worldWith({ NKVM_KUBECONFIG: way.kubeconfig }, 'exec');
    expect(await ended(world.call, await begin(world.call, volume))).toMatchObject({
      status: 'failed',
      stage: 'checksum',
      reason: 'DigestDiffers',
      archive: null,
    });
    expect(lost).toBeGreaterThan(0);
    await expectNothingLost(world, volume);
  }
);

/** Changes one byte, once, after all connections together have received that many. */
function flippingAt(at: number): { isDone(): boolean; make(): Transform } {
  let isDone = false;
  let bytes = 0;
  return {
    isDone: () => isDone,
    make() {
      return new Transform({
        transform(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          if (isDone || bytes < at) return done(null, chunk);
          isDone = true;
          const changed = Buffer.from(chunk);
          changed.writeUInt8(changed.readUInt8(0) ^ 1, 0);
          done(null, changed);
        },
      });
    },
  };
}

it.each(over('push'))(
  '[changed archive] one byte changed in flight (%s): failed at copy, as TLS finds it',
  async () => {
    const volume = faultVolume(8);
    const { isDone, make } = flippingAt(4 * MiB);
    const { ground } = await heldGround('push', make);
    const world = await worldOn(ground);
    expect(await ended(world.call, await begin(world.call, volume))).toMatchObject(BROKEN.push);
    expect(isDone()).toBe(true);
    await expectNothingLost(world, volume);
  }
);

it.each(over('direct'))(
  '[changed archive] one byte of a later part changed in flight (%s): the storage refuses it, and the whole archive is stored',
  async () => {
    const volume = faultVolume(32);
    const { isDone, make } = flippingAt(20 * MiB);
    const { ground } = await heldGround('direct', make);
    const world = await worldOn(ground, { NKVM_MAX_ATTEMPTS: '2' });
    expect(await ended(world.call, await begin(world.call, volume), 120_000)).toMatchObject({
      status: 'success',
    });
    expect(isDone()).toBe(true);
    await expectNothingLost(world, volume, 1);
  }
);
