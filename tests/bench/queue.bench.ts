/**
 * What the queue costs as it grows: `node tests/bench/queue.bench.ts [runs ...]`, by default 1,000 and 10,000 runs that
 * wait, in 200 namespaces.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';
import { runIds } from '../../sidecar/src/history/runId.ts';
import { startQueue } from '../../sidecar/src/jobs/queue/queue.ts';

const NAMESPACES = 200;
const ROUNDS = 21;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

const median = (times: number[]): number => {
  const middle = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
  return Number(middle.toPrecision(3));
};
const timed = <T>(work: () => T): number => {
  const begun = performance.now();
  work();
  return performance.now() - begun;
};

async function measure(runs: number): Promise<Record<string, number>> {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-bench-'));
  const history = await openHistory(join(dir, 'nkvm.db'));
  try {
    const make = () =>
      startQueue({
        history,
        kinds: {
          backup: { access: 'read', nodeOf: () => null, work: () => new Promise(() => undefined) },
        },
        limits: { total: 2, perNode: 2 },
        retry: { maxAttempts: 3, delayMs: () => 0 },
        newId: runIds(),
        now: () => new Date(),
        log: silent,
        onEnd: () => undefined,
      });
    const queue = make();
    const targets = Array.from({ length: runs }, (_, index) => ({
      namespace: `team-${index % NAMESPACES}`,
      name: `data-${index}`,
      uid: `uid-${index}`,
    }));
    const addedMs = performance.now();
    const added = await queue.add(targets, { requestedBy: 'bench' });
    const addMs = performance.now() - addedMs;
    queue.resume();
    const places = Array.from({ length: ROUNDS }, () => {
      queue.hold('any change of the queue computes all places anew')();
      return timed(() => added.forEach(({ id }) => queue.positionOf(id)));
    });
    const restart = timed(make);
    return {
      runs,
      'add all ms': Math.round(addMs),
      'places of all ms': median(places),
      'read from the history ms': Math.round(restart),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const sizes = process.argv.slice(2).map(Number);
const rows: Record<string, number>[] = [];
for (const runs of sizes.length ? sizes : [1_000, 10_000]) rows.push(await measure(runs));
console.table(rows);
process.exit(0);
