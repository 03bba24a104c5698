import { cpSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { exampleRun, queuedRun } from '../../testing/history/exampleRun.ts';
import { newPath, onDisk, openFor } from '../../testing/history/testDisk.ts';
import type { FileCalls } from './wholeFile.ts';

interface CrashPoint {
  /** What the disk held at that moment. */
  path: string;
  call: string;
  acknowledged: string[];
}

/** Keeps what the disk holds before and after each call that changes it: what a kill would leave there. */
function crashingDisk(path: string) {
  const points: CrashPoint[] = [];
  let acknowledged: string[] = [];
  const keep = (call: string) => {
    const copy = newPath();
    cpSync(dirname(path), dirname(copy), { recursive: true });
    points.push({ path: copy, call, acknowledged });
  };
  const around = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    keep(`before ${call}`);
    const result = await work();
    keep(`after ${call}`);
    return result;
  };
  const files: FileCalls = {
    open: async (name, flags, mode) => {
      const file = await around(`open ${name}`, () => fs.open(name, flags, mode));
      const write = file.writeFile.bind(file);
      file.writeFile = async bytes => {
        const half = (bytes as Buffer).length / 2;
        await around(`first half of ${name}`, () => write((bytes as Buffer).subarray(0, half)));
        await around(`second half of ${name}`, () => write((bytes as Buffer).subarray(half)));
      };
      return file;
    },
    rename: (from, to) => around(`rename to ${to}`, () => fs.rename(from, to)),
  };
  return { points, files, acknowledge: (rows: string[]) => (acknowledged = rows) };
}

it('has what was acknowledged, and nothing that was not asked for, after a kill at any call', async () => {
  const path = newPath();
  const { points, files, acknowledge } = crashingDisk(path);
  await fs.mkdir(join(path, '..'), { recursive: true });
  const history = await openFor(path, { files, checkpointDelayMs: 600_000 });
  await history.add([queuedRun({ id: 'a' })]);
  acknowledge(['a queued']);
  await history.commit('a', exampleRun({ id: 'a', bytes: 1 }));
  acknowledge(['a success 1']);
  await history.close(); // a checkpoint

  const again = await openFor(path, { files, checkpointDelayMs: 600_000 });
  await again.add([queuedRun({ id: 'b' })]);
  acknowledge(['a success 1', 'b queued']);
  await again.close();

  expect(points.filter(({ call }) => call.includes('after rename'))).not.toHaveLength(0);
  const states = [[], ['a queued'], ['a success 1'], ['a success 1', 'b queued']];
  for (const { path: left, call, acknowledged } of points) {
    const found = await onDisk(left);
    const at = states.findIndex(state => state.join() === acknowledged.join());
    // The change that was under way may be there, too.
    expect([states[at], states[at + 1]], call).toContainEqual(found);
  }
});
