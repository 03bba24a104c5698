import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../cluster/machine/run.ts';
import { ended } from '../cluster/support/backups.ts';
import {
  failsOf,
  planRestore,
  restore,
  restoreEnded,
  startRestore,
} from '../cluster/support/restores.ts';
import { until } from '../cluster/support/until.ts';
import { helpersOf } from './support/afterwards.ts';
import type { FaultVolume } from './support/volume.ts';
import { faultVolume } from './support/volume.ts';
import { begin, worldWith } from './support/world.ts';

const MiB = 1 << 20;

/** A claim of 1Gi whose volume has 16 MiB: the capacity of a static PersistentVolume need not be true. */
function smallVolume(): FaultVolume {
  const volume = faultVolume(0);
  run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'nkvm-small', volume.directory]);
  // Before the directory goes; a pod that has just ended may hold it for a moment.
  onTestFinished(() => void run('umount', ['--lazy', volume.directory]));
  return volume;
}

const into = ({ namespace, name }: FaultVolume, mode: string) => ({ namespace, name, mode });

describe('a restore into a claim whose volume is smaller than the claim says', () => {
  it('[full volume] into an empty claim ends before the first byte, with what is needed and what there is', async () => {
    const source = faultVolume(24);
    const target = smallVolume();
    const { call, ...world } = await worldWith();
    const backup = await begin(call, source);
    expect(await ended(call, backup)).toMatchObject({ status: 'success' });
    const asked = { backup, target: into(target, 'empty') };
    const plan = await until(
      'the plan has looked into the claim',
      async () => {
        const seen = await planRestore(call, asked);
        return seen.canStart ? undefined : seen;
      },
      60_000
    );
    expect(failsOf(plan)).toEqual({ space: 'TargetTooSmall' });
    expect(plan.checks.find(({ name }) => name === 'space')?.message).toMatch(
      /^24\.0 MiB are needed, claim .* has 16\.0 MiB$/
    );
    const { restore: begun, problem } = await startRestore(call, asked);
    if (begun) {
      const end = await restoreEnded(call, begun.id, 120_000);
      expect(end).toMatchObject({ status: 'failed', reason: 'TargetTooSmall' });
    } else expect(problem?.reason).toBe('TargetTooSmall');
    expect(readdirSync(target.directory)).toEqual([]);
    await until('no helper is left', () => helpersOf({ call, ...world }).length === 0, 60_000);
  });

  it('[full volume] that becomes full half-way says so, and is undone', async () => {
    const source = faultVolume(12);
    const target = smallVolume();
    writeFileSync(join(target.directory, 'mine'), randomBytes(8 * MiB));
    const { call } = await worldWith();
    const backup = await begin(call, source);
    expect(await ended(call, backup)).toMatchObject({ status: 'success' });
    const before = execFileSync('sha256sum', [join(target.directory, 'mine')]).toString();
    const end = await restore(
      call,
      { backup, target: into(target, 'overwrite'), safetyBackup: true },
      120_000
    );
    expect(end).toMatchObject({
      ...{ status: 'failed', reason: 'VolumeFull', failureClass: 'needs-action' },
      message: expect.stringMatching(/became full.*holds a part of the archive/),
      hint: expect.stringContaining('undo it'),
    });
    expect(statSync(join(target.directory, 'mine')).size).toBe(8 * MiB);
    const answer = await call(`/api/v1/restores/${end.id}/undo`, { method: 'POST' });
    const { restore: undo } = await answer.json();
    await until(
      'it is undone',
      async () => (await (await call(`/api/v1/restores/${undo.id}`)).json()).status === 'success',
      120_000
    );
    expect(readdirSync(target.directory)).toEqual(['mine']);
    expect(execFileSync('sha256sum', [join(target.directory, 'mine')]).toString()).toBe(before);
  });

  it('[full volume] takes a sparse file that is bigger than the volume, with its holes', async () => {
    const source = faultVolume(1);
    const sparse = join(source.directory, 'sparse');
    run('truncate', ['--size=100M', sparse]);
    execFileSync('dd', ['of=' + sparse, 'bs=1', 'seek=50000000', 'conv=notrunc', 'status=none'], {
      input: 'in the middle',
    });
    const target = smallVolume();
    const { call } = await worldWith();
    const backup = await begin(call, source);
    expect(await ended(call, backup)).toMatchObject({ status: 'success' });
    const end = await restore(call, { backup, target: into(target, 'empty') }, 120_000);
    expect(end).toMatchObject({ status: 'success', comparison: { differences: 0 } });
    const { size, blocks } = statSync(join(target.directory, 'sparse'));
    expect([size, blocks * 512 < MiB]).toEqual([100 * MiB, true]);
  });
});
