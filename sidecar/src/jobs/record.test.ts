import { expect, it } from 'vitest';
import type { RunChange } from '../history/history.ts';
import { recorder } from './record.ts';

/** A history whose first `failures` writes fail. */
function historyThatFails(failures: number) {
  const written: RunChange[] = [];
  let left = failures;
  const commit = async (_id: string, change: RunChange): Promise<void> => {
    left -= 1;
    if (left >= 0) throw new Error('no space left on device');
    written.push(change);
  };
  return { commit, written };
}

const said: string[] = [];
const log = { error: (_: object, message: string) => said.push(message) };

it('writes when there is space again, and says meanwhile why it could not', async () => {
  const history = historyThatFails(2);
  const { signal } = new AbortController();
  const record = recorder({ history, log, everyMs: 1, signal });
  await record('01run', { status: 'failed' });
  expect(history.written).toEqual([{ status: 'failed' }]);
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(/NKVM tries again: no space left on device/);
});

it('gives up when the service stops, with the reason', async () => {
  const stop = new AbortController();
  const record = recorder({
    history: historyThatFails(Infinity),
    log,
    everyMs: 3_600_000,
    signal: stop.signal,
  });
  const waits = record('01run', { status: 'success' });
  stop.abort();
  await expect(waits).rejects.toThrow('no space left on device');
});
