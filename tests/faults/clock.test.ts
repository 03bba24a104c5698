import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Backup, BackupList } from '../../sidecar/api/index.ts';
import { ended } from '../cluster/support/backups.ts';
import { expectNothingLeft } from './support/afterwards.ts';
import { faultVolume } from './support/volume.ts';
import type { World } from './support/world.ts';
import { begin, worldWith } from './support/world.ts';

const DAY_MS = 86_400_000;

/** @param shifts how wrong the sidecar's clock is at the start, and after each `SIGUSR2` */
const clockWith = (...shifts: number[]): Record<string, string> => ({
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/shiftClock.ts')}`,
  CLOCK_SHIFTS: shifts.join(','),
});

it('[wrong order] the clock is stepped by a day back and forth: ids and order of the runs hold', async () => {
  const volume = faultVolume(1);
  const before = await worldWith(clockWith(0, DAY_MS, -DAY_MS, 0));
  const asked: Backup[] = [];
  const backUp = async ({ call }: World) =>
    asked.push(await ended(call, await begin(call, volume)));
  await backUp(before);
  for (let step = 1; step <= 3; step += 1) {
    process.kill(before.sidecar.pid, 'SIGUSR2');
    await backUp(before);
  }
  await before.sidecar.stop();
  const world = await before.again(clockWith(-DAY_MS));
  await backUp(world);

  expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 'success'));
  const daysOff = asked.map(({ endedAt }) =>
    ((Date.parse(endedAt ?? '') - Date.now()) / DAY_MS).toFixed(1).replace('-0.0', '0.0')
  );
  expect(daysOff, 'what the clock showed').toEqual(['0.0', '1.0', '-1.0', '0.0', '-1.0']);
  const ids = asked.map(({ id }) => id);
  expect([...ids].sort()).toEqual(ids);
  const { backups } = (await (await world.call('/api/v1/backups')).json()) as BackupList;
  expect(backups.map(({ id }) => id)).toEqual([...ids].reverse());
  expectNothingLeft(world, asked.length);
});
