import { expect, it, onTestFinished } from 'vitest';
import { NODES } from '../cluster/machine/paths.ts';
import { ended, read } from '../cluster/support/backups.ts';
import { kubectl } from '../cluster/support/kubectl.ts';
import { until } from '../cluster/support/until.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { faultVolume } from './support/volume.ts';
import type { World } from './support/world.ts';
import { begin, worldWith } from './support/world.ts';

const says = ({ call }: World, id: string, what: RegExp) =>
  until(`the run says ${what}`, async () => what.test((await read(call, id)).message), 60_000);

it('[lost run] both nodes are cordoned for a while: the run says so, waits, and uses up no attempt', async () => {
  const names = NODES.map(({ name }) => name);
  const volume = faultVolume();
  kubectl(['cordon', ...names]);
  onTestFinished(() => void kubectl(['uncordon', ...names]));
  const world = await worldWith();
  const id = await begin(world.call, volume);
  await says(world, id, /^waiting for a node: 0\/2 nodes are available/);
  kubectl(['uncordon', ...names]);
  const end = await ended(world.call, id, 60_000);
  expect(end).toMatchObject({ status: 'success', attempt: 1 });
  expect(end.message).not.toMatch(/waiting/);
  await expectNothingLost(world, volume, 1);
});

it('[lost run] the only node of the volume is tainted: its helper goes there', async () => {
  const node = 'node-b';
  const volume = faultVolume(1, { node });
  kubectl(['taint', 'node', node, 'dedicated=db:NoSchedule']);
  onTestFinished(() => void kubectl(['taint', 'node', node, 'dedicated-']));
  const world = await worldWith();
  const end = await ended(world.call, await begin(world.call, volume), 60_000);
  expect(end).toMatchObject({ status: 'success', helper: { node } });
});
