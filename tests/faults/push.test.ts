import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { ended } from '../cluster/support/backups.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { heldRun } from './support/heldRun.ts';
import { PUSH_ENV, pushWay } from './support/pushWay.ts';
import { faultVolume } from './support/volume.ts';
import { begin, worldWith } from './support/world.ts';

const MiB = 1 << 20;

const broken = {
  ...{ status: 'failed', stage: 'copy', reason: 'PushBroke', archive: null },
  transport: 'push',
  hint: expect.stringContaining('through the API server'),
};

it('[slow backup] a helper pod that reaches NKVM pushes its archive', async () => {
  const volume = faultVolume(32);
  const world = await worldWith(PUSH_ENV);
  const run = await ended(world.call, await begin(world.call, volume));
  expect(run).toMatchObject({ status: 'success', transport: 'push' });
  const [copy] = run.copies;
  const manifest = JSON.parse(readFileSync(join(world.backups, `${copy?.key}.json`), 'utf8'));
  expect(manifest).toMatchObject({
    transport: 'push',
    transportReason: expect.stringMatching(/^the helper pod reached NKVM at 10\.99\.0\.1:\d+$/),
  });
});

it('[failed backup] a firewall drops what helper pods send: it goes over exec in the same attempt', async () => {
  const volume = faultVolume(1);
  const world = await worldWith(PUSH_ENV);
  const { address } = world.sidecar.log
    .map(entry => entry as { msg?: string; address?: string })
    .find(({ msg }) => msg === 'helper pods can push')!;
  dropPackets(Number(address?.split(':').at(-1)));
  const run = await ended(world.call, await begin(world.call, volume));
  expect(run).toMatchObject({
    ...{ status: 'success', attempt: 1, transport: 'exec' },
    transportReason: `the helper pod could not push to ${address}: no answer within 500 ms`,
  });
});

it('[truncated archive] the connection is cut in mid-stream: failed at copy', async () => {
  const volume = faultVolume(32);
  const { way, world, id } = await heldRun(volume, 16 * MiB, {}, 'push');
  way.cut();
  expect(await ended(world.call, id)).toMatchObject(broken);
  await expectNothingLost(world, volume);
});

it('[lost backup] the connection is cut in mid-stream: the next attempt goes over exec', async () => {
  const volume = faultVolume(32);
  const { way, world, id } = await heldRun(volume, 16 * MiB, { NKVM_MAX_ATTEMPTS: '2' }, 'push');
  way.cut();
  expect(await ended(world.call, id, 120_000)).toMatchObject({
    ...{ status: 'success', attempt: 2, transport: 'exec' },
    transportReason: 'the connection of the helper pod to NKVM broke in the attempt before',
  });
});

it('[truncated archive] no packet comes any more: failed at copy within a minute', async () => {
  const volume = faultVolume(32);
  const { way, world, id } = await heldRun(volume, 16 * MiB, {}, 'push');
  way.silence();
  dropPackets(way.port);
  expect(await ended(world.call, id, 60_000)).toMatchObject(broken);
});

it('[changed archive] one byte changed in flight: failed at copy, as TLS finds it', async () => {
  const volume = faultVolume(8);
  let bytes = 0;
  let changed = false;
  const way = await pushWay(
    () =>
      new Transform({
        transform(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          if (changed || bytes < 4 * MiB) return done(null, chunk);
          changed = true;
          const others = Buffer.from(chunk);
          others[0] = (others[0] ?? 0) ^ 1;
          done(null, others);
        },
      })
  );
  const world = await worldWith(way.env);
  expect(await ended(world.call, await begin(world.call, volume))).toMatchObject(broken);
  expect(changed).toBe(true);
  await expectNothingLost(world, volume);
});

/** Takes away every packet to and from a port, for the rest of the test. */
function dropPackets(port: number): void {
  const rules = ['--dport', '--sport'].map(which => [
    ...[which === '--dport' ? 'INPUT' : 'OUTPUT', '-p', 'tcp', which, `${port}`, '-j', 'DROP'],
  ]);
  for (const rule of rules) {
    expect(spawnSync('iptables', ['-I', ...rule]).status).toBe(0);
    onTestFinished(() => void spawnSync('iptables', ['-D', ...rule]));
  }
}
