import { expect, it, vi } from 'vitest';
import { aBackup, aRunning, aVolume, summaryOf } from '../../testing/samples';
import { pollMs } from '../queries/queries';

vi.mock('@kinvolk/headlamp-plugin/lib', () => ({ ApiProxy: {} }));

const idle = aVolume({ lastBackup: summaryOf(aBackup()) });
const active = aVolume({ lastBackup: summaryOf(aRunning()) });
const many = (first: typeof idle) => [first, ...Array<typeof idle>(5_000).fill(idle)];

it.each([
  ['behind a stream, whatever runs', true, [active], 60_000],
  ['often while a backup runs', false, [idle, active], 5_000],
  ['less often while none runs', false, [idle], 15_000],
  ['less often where the list is long', false, many(active), 15_000],
  ['before there is a list', false, undefined, 15_000],
])('volumes are asked for %s', (_, isStreaming, volumes, ms) => {
  expect(pollMs(isStreaming, volumes)).toBe(ms);
});
