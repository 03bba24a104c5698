/**
 * What the history costs as it grows: `node tests/bench/history.bench.ts [runs ...]`, by default 1,000, 10,000 and
 * 100,000. Each size is measured in a process of its own, on the disk of the temporary directory.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleRun } from '../../sidecar/src/history/exampleRun.ts';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';

const CLAIMS = 2_000;
const INSERTS = 100;
const MiB = 1024 * 1024;

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
  const inserts: number[] = [];
  const before = process.cpuUsage();
  for (let index = 0; index < INSERTS; index += 1) {
    inserts.push((await timed(() => history.add([run(runs + index)])))[0]);
  }
  const { user, system } = process.cpuUsage(before);
  inserts.sort((a, b) => a - b);
  const together = Array.from({ length: INSERTS }, (_, index) => run(runs + INSERTS + index));
  const [togetherMs] = await timed(() => Promise.all(together.map(one => history.add([one]))));
  const [listMs] = await timed(() => history.list({ limit: 50 }));
  const [claimListMs] = await timed(() => history.list({ ...noUid(claim(7)), limit: 50 }));
  const [noneListMs] = await timed(() => history.list({ limit: 50 }, () => false));
  const [ofClaimsMs] = await timed(() => {
    for (let index = 0; index < CLAIMS; index += 1) {
      const { uid, namespace, name } = claim(index);
      history.ofClaim(uid, namespace, name);
    }
  });
  return {
    runs,
    'file MiB': round(statSync(path).size / MiB),
    'open ms': round(openMs),
    'insert p50 ms': round(inserts[INSERTS / 2] ?? NaN),
    'insert p99 ms': round(inserts[INSERTS - 2] ?? NaN),
    'insert CPU ms': round((user + system) / 1000 / INSERTS),
    [`${INSERTS} at once ms`]: round(togetherMs),
    'list 50 ms': round(listMs),
    'of one claim ms': round(claimListMs),
    'none readable ms': round(noneListMs),
    [`ofClaim x${CLAIMS} ms`]: round(ofClaimsMs),
    'memory MiB': Math.round(process.resourceUsage().maxRSS / 1024),
  };
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
  const { stdout, status } = spawnSync(process.execPath, [import.meta.filename, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}`);
  return stdout;
}

function measureAll(sizes: string[]): void {
  const rows = sizes.map(runs => {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-bench-'));
    try {
      const path = join(dir, 'nkvm.db');
      inProcess('fill', path, runs);
      return JSON.parse(inProcess('measure', path, runs));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
  console.table(rows);
}

const [first, path = '', runs] = process.argv.slice(2);
if (first === 'fill') await fill(path, Number(runs));
else if (first === 'measure') console.log(JSON.stringify(await measure(path, Number(runs))));
else measureAll(first === undefined ? ['1000', '10000', '100000'] : process.argv.slice(2));
