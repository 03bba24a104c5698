import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { manifestName } from '../../archive/name.ts';
import { lane } from '../../cluster/lane.ts';
import { chainThere } from '../../destinations/chainThere.ts';
import type { Destination } from '../../destinations/destination.ts';
import { fixedPlaces } from '../../destinations/fixedPlaces.ts';
import { queuedRun } from '../../testing/exampleRun.ts';
import { memoryDestination, memoryStorage } from '../../testing/memoryDestination.ts';
import { storedChain } from '../../testing/storedChain.ts';
import { newPath, openFor } from '../../testing/testDisk.ts';
import { COPY_RETRY, copyJob } from './copyJob.ts';

it('copies with an increment all archives that it needs, the full one first', async () => {
  const root = mkdtempSync(join(tmpdir(), 'nkvm-copy-chain-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [a, b] = [memoryStorage(), memoryStorage()];
  const from: Destination = { ...memoryDestination(a), id: 'a' };
  const to: Destination = { ...memoryDestination(b), id: 'b', location: 'memory of b' };
  const { runs } = await storedChain(from, root, [
    [{ what: 'create', one: 0, other: 0 }],
    [{ what: 'write', one: 0, other: 1 }],
    [],
  ]);
  const history = await openFor(newPath());
  await history.add(runs);
  const { signal } = new AbortController();
  const last = runs[2]!;
  const end = await copyJob({
    ...{ history, now: () => new Date(), retry: COPY_RETRY, unpacking: lane(1) },
    runTimeoutMs: 60_000,
    places: fixedPlaces([from, to]),
    proofPlans: (_, all) => all.map(() => ({ by: 'reading', level: 'checksum' })),
  }).work(
    {
      ...queuedRun({ kind: 'copy', destinations: [] }),
      details: { kind: 'copy', backup: last.id, destination: 'b', totalBytes: 1 },
    },
    () => undefined,
    signal
  );
  expect(end).toMatchObject({ status: 'success' });
  const keys = runs.map(({ copies }) => copies[0]?.key as string);
  expect([...b.archives.keys()]).toEqual(keys.flatMap(key => [key, manifestName(key)]));
  for (const { id } of runs)
    expect(history.get(id)?.copies.find(({ destination }) => destination === 'b')).toMatchObject({
      state: 'present',
    });
  expect(await chainThere(keys[2]!, last.chain, to, signal)).toHaveLength(2);
});
