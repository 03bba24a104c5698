import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { leaseLost } from '../../fence.ts';
import { queuedRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import type { Notice } from './notice.ts';

/** A fence that can be lost, and what it has let through. */
function testFence() {
  const fence = {
    isHeld: true,
    assertHeld() {
      if (!fence.isHeld) throw leaseLost('a test says so');
    },
  };
  return fence;
}

const contents = (path: string) =>
  readdirSync(dirname(path)).map(name => [name, readFileSync(`${dirname(path)}/${name}`).length]);

it('writes no change when another process may write now', async () => {
  const fence = testFence();
  const path = newPath();
  const history = await openFor(path, { fence, checkpointDelayMs: 600_000 });
  await history.add([queuedRun({ id: 'a' })]);
  const before = contents(path);
  fence.isHeld = false;
  await expect(history.add([queuedRun({ id: 'b' })])).rejects.toMatchObject({
    reason: 'LeaseLost',
  });
  await expect(history.commit('a', { status: 'running' })).rejects.toMatchObject({
    reason: 'LeaseLost',
  });
  expect(history.get('a')?.status).toBe('queued');
  expect(contents(path)).toEqual(before);
});

it('makes no checkpoint then, not even when it closes', async () => {
  const fence = testFence();
  const path = newPath();
  const notices: Notice[] = [];
  const history = await openFor(path, {
    fence,
    checkpointDelayMs: 600_000,
    onNotice: notice => notices.push(notice),
  });
  await history.add([queuedRun({ id: 'a' })]);
  const before = contents(path);
  fence.isHeld = false;
  await history.close();
  expect(contents(path)).toEqual(before);
  expect(notices.map(({ reason }) => reason)).toContain('HistoryNotWritten');
});

it('does not open then', async () => {
  const fence = testFence();
  fence.isHeld = false;
  const path = newPath();
  await expect(openFor(path, { fence })).rejects.toMatchObject({ reason: 'LeaseLost' });
  expect(readdirSync(dirname(path))).toEqual([]);
});
