import { describe, expect, it } from 'vitest';
import { ended } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { BEYOND_BUFFERS_MIB, heldRun } from './support/heldRun.ts';
import { helperOnNode } from './support/onNode.ts';
import { runOutOfMemory } from './support/outOfMemory.ts';
import type { Transport } from './support/transports.ts';
import { over, rowsOver } from './support/transports.ts';
import { faultVolume } from './support/volume.ts';

const MiB = 1 << 20;

describe('[truncated archive] helper killed', () => {
  const rows: [string, number, boolean, Transport][] = [
    ['at 3 % of the stream', 1 * MiB, false, 'exec'],
    ['at 25 % of the stream', 8 * MiB, false, 'exec'],
    ['at 50 % of the stream', 16 * MiB, false, 'exec'],
    ['at 75 % of the stream', 24 * MiB, false, 'exec'],
    ['after it has written all of it', 31.5 * MiB, true, 'exec'],
    ['at 3 % of the stream, pushed', 1 * MiB, false, 'push'],
    ['at 75 % of the stream, pushed', 24 * MiB, false, 'push'],
    ['before the storage has the first part', 1 * MiB, false, 'direct'],
    ['while the second part is sent to the storage', 24 * MiB, false, 'direct'],
  ];
  it.each(rowsOver(rows))(
    '%s: failed at copy, nothing left',
    async (_, bytes, isSealed, transport) => {
      const volume = faultVolume(32);
      const { way, world, id } = await heldRun(volume, bytes, {}, transport);
      const helper = helperOnNode(id);
      if (isSealed) await until('the stream is sealed', () => helper.isSealed(), 20_000);
      process.kill(helper.init, 'SIGKILL');
      way.release();
      expect(await ended(world.call, id)).toMatchObject({
        status: 'failed',
        stage: 'copy',
        reason: 'HelperEnded',
        message: expect.stringContaining('exit code 137'),
        hint: expect.stringContaining('nothing to do: NKVM tries again'),
        archive: null,
        // An archive that did not arrive at the storage has no transport yet.
        ...(transport !== 'direct' && { transport }),
      });
      await expectNothingLost(world, volume);
    }
  );
});

it.each(over('exec', 'push', 'direct'))(
  '[truncated archive] compressor killed (%s): failed at exec, and tar is not blamed',
  async transport => {
    const volume = faultVolume(BEYOND_BUFFERS_MIB);
    const { way, world, id } = await heldRun(volume, 24 * MiB, {}, transport);
    // The one that was started last: an earlier one compresses the index.
    const igzip = Math.max(...helperOnNode(id).processes('igzip'));
    process.kill(igzip, 'SIGKILL');
    way.release();
    expect(await ended(world.call, id)).toMatchObject({
      status: 'failed',
      stage: 'exec',
      reason: 'CompressorFailed',
      message: expect.stringContaining('killed by signal 9'),
      hint: expect.stringContaining('NKVM_HELPER_MEMORY_LIMIT'),
    });
    await expectNothingLost(world, volume);
  }
);

it.each(over('exec', 'push', 'direct'))(
  '[truncated archive] helper out of memory in mid-stream (%s): failed at copy, with its limit',
  async transport => {
    const volume = faultVolume(32);
    const limit = { NKVM_HELPER_MEMORY_LIMIT: '128Mi' };
    const isDirect = transport === 'direct'; // where a part is sent as a whole
    const { way, world, id } = await heldRun(volume, (isDirect ? 24 : 4) * MiB, limit, transport);
    await runOutOfMemory(helperOnNode(id));
    way.release();
    expect(await ended(world.call, id)).toMatchObject({
      status: 'failed',
      stage: 'copy',
      reason: 'HelperOutOfMemory',
      message: expect.stringContaining('limit 128Mi'),
      hint: expect.stringContaining('NKVM_HELPER_MEMORY_LIMIT'),
      archive: null,
    });
    await expectNothingLost(world, volume);
  }
);
