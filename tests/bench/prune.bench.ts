/**
 * Years of hourly runs, with retention that deletes archives: `node tests/bench/prune.bench.ts [claims] [hours] [archives]
 * [max runs]`, by default 5,000 claims, 48 hours, 6 archives of each claim and at most 30,000 runs without an archive. From the
 * hour on in which both limits are reached, each further hour costs the same: 48 hours of 5,000 claims show years of them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';
import { exampleRun } from '../../sidecar/src/testing/history/exampleRun.ts';
import { imageFlags } from '../support/imageFlags.ts';

const MiB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const RULES = { keepMs: 400 * 24 * HOUR_MS, keepOthersMs: 90 * 24 * HOUR_MS };
const [claims = 5_000, hours = 48, archives = 6, maxRuns = 30_000] = process.argv
  .slice(2)
  .filter(word => word !== 'inside')
  .map(Number);

const idOf = (hour: number, claim: number) =>
  `01${String(hour).padStart(12, '0')}${String(claim).padStart(12, '0')}`;

const run = (hour: number, claim: number) =>
  exampleRun({
    id: idOf(hour, claim),
    namespace: `team-${claim % 50}`,
    name: `data-app-${claim}-0`,
    uid: `00000000-0000-4000-8000-${String(claim).padStart(12, '0')}`,
    createdAt: new Date(1.7e12 + hour * HOUR_MS + claim * 100).toISOString(),
    priority: 'scheduled',
    warnings: [],
    tarMessages: [],
    warningCount: 0,
  });

/** Longest time in which nothing else had its turn, in milliseconds. */
function watchBlocks() {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 5);
    last = performance.now();
  }, 5);
  return {
    take: () => {
      const seen = longest;
      longest = 0;
      last = performance.now();
      return seen;
    },
    stop: () => clearInterval(timer),
  };
}

async function inside(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-bench-'));
  const path = join(dir, 'nkvm.db');
  const blocks = watchBlocks();
  try {
    let now = 1.7e12;
    const history = await openHistory(path, { now: () => new Date(now) });
    const rows: object[] = [];
    for (let hour = 0; hour < hours; hour += 1) {
      now = 1.7e12 + (hour + 1) * HOUR_MS;
      for (let at = 0; at < claims; at += 100) {
        await history.add(Array.from({ length: 100 }, (_, index) => run(hour, at + index)));
      }
      const goes = hour - archives;
      for (let at = 0; goes >= 0 && at < claims; at += 100) {
        await Promise.all(
          Array.from({ length: 100 }, (_, index) => {
            const id = idOf(goes, at + index);
            const copies = history.get(id)?.copies ?? [];
            return history.commit(id, {
              copies: copies.map(copy => ({ ...copy, state: 'deleted' as const })),
            });
          })
        );
      }
      blocks.take();
      const begin = performance.now();
      const { old, spare } = await history.prune({
        ...{ ...RULES, maxRuns },
        claimExists: () => true,
        areGone: () => Promise.resolve(true),
      });
      const pruneMs = performance.now() - begin;
      const blocked = blocks.take();
      if (hour % 12 !== 11 && hour !== hours - 1) continue;
      rows.push({
        hour: hour + 1,
        runs: history.count(),
        'ever asked for': (hour + 1) * claims,
        pruned: old + spare,
        'pass s': round(pruneMs / 1_000),
        'longest block ms': Math.round(blocked),
        'memory MiB': Math.round(process.memoryUsage().rss / MiB),
        'biggest MiB': Math.round(process.resourceUsage().maxRSS / 1024),
      });
    }
    await history.close();
    console.table(rows);
    console.log(`file: ${round(statSync(path).size / MiB)} MiB`);
  } finally {
    blocks.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const round = (value: number) => Number(value.toPrecision(3));

if (process.argv.includes('inside')) await inside();
else {
  // As the image starts the service.
  const words = [...imageFlags(), import.meta.filename, ...process.argv.slice(2), 'inside'];
  process.exitCode = spawnSync(process.execPath, words, { stdio: 'inherit' }).status ?? 1;
}
