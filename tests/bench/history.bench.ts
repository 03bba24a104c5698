/**
 * What the history costs as it grows: `node tests/bench/history.bench.ts [runs ...]`, by default 1,000, 10,000, 100,000
 * and 1,000,000 (which takes 3 GiB of memory). Each size is measured in a process of its own, on the disk of the
 * temporary directory. Inserts go on while checkpoints are made, as in the service.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';
import { exampleRun } from '../../sidecar/src/testing/history/exampleRun.ts';
import { imageFlags } from '../support/imageFlags.ts';

const CLAIMS = 2_000;
const INSERTS = 2_000;
const TOGETHER = 100;
/** Records of the journal that a killed process leaves to its successor. */
const LEFT = 10_000;
const MiB = 1024 * 1024;
/** As the image starts the service. */
const FLAGS = imageFlags();
const SIZES = ['1000', '10000', '100000', '1000000'];

/** More namespaces than are looked up one by one, none with a run. */
const NOT_THERE = new Map(
  Array.from({ length: 100 }, (_, index): [string, undefined] => [`other-${index}`, undefined])
);

const claim = (index: number) => ({
  namespace: `team-${index % 20}`,
  name: `data-app-${index % CLAIMS}-0`,
  uid: `00000000-0000-4000-8000-${String(index % CLAIMS).padStart(12, '0')}`,
});
const run = (index: number) =>
  exampleRun({ ...claim(index), createdAt: new Date(1.7e12 + index * 1000).toISOString() });

async function fill(path: string, runs: number): Promise<void> {
  const history = await openHistory(path);
  for (let at = 0; at < runs; at += 10_000) {
    const next = Math.min(10_000, runs - at);
    await history.add(Array.from({ length: next }, (_, index) => run(at + index)));
  }
  await history.close();
}

async function measure(path: string, runs: number): Promise<Record<string, number>> {
  const [openMs, history] = await timed(() => openHistory(path));
  let next = runs;
  const before = process.cpuUsage();
  const inserts = await insertTimes(() => history.add([run(next++)]));
  const { user, system } = process.cpuUsage(before);
  const paced = await insertTimes(async () => history.add([run(next++)]), INSERTS / 4, 20);
  const together = Array.from({ length: TOGETHER }, () => run(next++));
  const [togetherMs] = await timed(() => Promise.all(together.map(one => history.add([one]))));
  const [listMs] = await timed(() => history.list({ limit: 50 }));
  const [claimListMs] = await timed(() => history.list({ ...noUid(claim(7)), limit: 50 }));
  const [noneListMs] = await timed(() => history.list({ limit: 50 }, NOT_THERE));
  const [ofClaimsMs] = await timed(() => {
    for (let index = 0; index < CLAIMS; index += 1) {
      const { uid, namespace, name } = claim(index);
      history.ofClaim(uid, namespace, name);
    }
  });
  const [checkpointMs] = await timed(() => history.close());
  return {
    runs,
    'file MiB': round(statSync(path).size / MiB),
    'open ms': round(openMs),
    'insert p50 ms': round(quantile(inserts, 0.5)),
    'insert p99 ms': round(quantile(inserts, 0.99)),
    'insert max ms': round(quantile(inserts, 1)),
    'paced insert p99 ms': round(quantile(paced, 0.99)),
    'checkpoint ms': round(checkpointMs),
    'insert CPU ms': round((user + system) / 1000 / INSERTS),
    [`${TOGETHER} at once ms`]: round(togetherMs),
    'list 50 ms': round(listMs),
    'of one claim ms': round(claimListMs),
    'none readable ms': round(noneListMs),
    [`ofClaim x${CLAIMS} ms`]: round(ofClaimsMs),
    'memory MiB': Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

/** @param paceMs biggest pause between two, of random length: who inserts may meet a checkpoint at any moment */
async function insertTimes(
  insert: () => Promise<void>,
  count = INSERTS,
  paceMs = 0
): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    if (paceMs > 0) await setTimeout(Math.random() * paceMs);
    times.push((await timed(insert))[0]);
  }
  return times.sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.ceil(sorted.length * share) - 1] ?? NaN;

/** Ends like a kill, with all that it did in the journal. */
async function leaveJournal(path: string, runs: number): Promise<never> {
  const history = await openHistory(path, { checkpointDelayMs: 3_600_000 });
  for (let index = 0; index < LEFT; index += 1) await history.add([run(2 * runs + index)]);
  process.exit(0);
}

async function measureStart(path: string): Promise<Record<string, number>> {
  const [openMs, history] = await timed(() => openHistory(path));
  await history.close();
  return { [`open after a kill, ${LEFT} records ms`]: round(openMs) };
}

const noUid = ({ namespace, name }: ReturnType<typeof claim>) => ({ namespace, name });
const round = (value: number) => Number(value.toPrecision(3));

async function timed<T>(work: () => T | Promise<T>): Promise<[ms: number, result: T]> {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
}

/** Runs this file again, as a process that has done nothing else. @returns what it printed. */
function inProcess(...words: string[]): string {
  const { stdout, status } = spawnSync(
    process.execPath,
    [...FLAGS, import.meta.filename, ...words],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }
  );
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}`);
  return stdout;
}

function measureAll(sizes: string[]): void {
  const rows = sizes.map(runs => {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-bench-'));
    try {
      const path = join(dir, 'nkvm.db');
      inProcess('fill', path, runs);
      const measured = JSON.parse(inProcess('measure', path, runs));
      inProcess('leave', path, runs);
      return { ...measured, ...JSON.parse(inProcess('start', path, runs)) };
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
  measureTarMessages();
  // One column for each size.
  console.table(
    Object.fromEntries(Object.keys(rows[0] ?? {}).map(name => [name, rows.map(row => row[name])]))
  );
}

/** Runs that are given 50 messages of tar each; a history keeps a few of them. */
const FAT = 10_000;
const TAR_LINES = Array.from(
  { length: 50 },
  (_, index) =>
    `tar: ./pgdata/base/16384/${24_576 + index}_fsm: file changed as we read it, and so did others`
);

/** @returns the biggest size of a process that opens `FAT` runs of 50 messages of tar, adds more, and checkpoints. */
async function measureFat(path: string): Promise<Record<string, number>> {
  const [openMs, history] = await timed(() => openHistory(path));
  const opened = process.resourceUsage().maxRSS / 1024;
  for (let index = 0; index < INSERTS / 4; index += 1) {
    await history.add([{ ...run(FAT + index), tarMessages: TAR_LINES, warningCount: 1_000 }]);
  }
  await history.close();
  return {
    runs: FAT,
    'file MiB': round(statSync(path).size / MiB),
    'open ms': round(openMs),
    'memory after opening MiB': Math.round(opened),
    'memory MiB': Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

async function fillFat(path: string): Promise<void> {
  const history = await openHistory(path);
  for (let at = 0; at < FAT; at += 1_000) {
    await history.add(
      Array.from({ length: 1_000 }, (_, index) => ({
        ...run(at + index),
        tarMessages: TAR_LINES,
        warningCount: TAR_LINES.length,
      }))
    );
  }
  await history.close();
}

function measureTarMessages(): void {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-bench-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'nkvm.db');
  inProcess('fill-fat', path);
  console.log(`${FAT} runs with 50 messages of tar each:`);
  console.table(JSON.parse(inProcess('measure-fat', path)));
}

const [first, path = '', runs] = process.argv.slice(2);
if (first === 'fill') await fill(path, Number(runs));
else if (first === 'measure') console.log(JSON.stringify(await measure(path, Number(runs))));
else if (first === 'leave') await leaveJournal(path, Number(runs));
else if (first === 'start') console.log(JSON.stringify(await measureStart(path)));
else if (first === 'fill-fat') await fillFat(path);
else if (first === 'measure-fat') console.log(JSON.stringify(await measureFat(path)));
else measureAll(first === undefined ? SIZES : process.argv.slice(2));
