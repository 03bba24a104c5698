/**
 * How soon the service answers after its start: `node tests/bench/start.bench.ts [runs ...]`, by default with 0 and
 * 100,000 runs in the history. The bundle runs beside a cluster that cannot be reached, so what is measured is its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';
import { exampleRun } from '../../sidecar/src/testing/history/exampleRun.ts';
import { imageFlags } from '../support/imageFlags.ts';
import { bundleSidecar } from './support/bundle.ts';

const FLAGS = imageFlags();
const BUNDLE = join(import.meta.dirname, '../../sidecar/dist/main.js');
const LOOK_MS = 10;
const KUBECONFIG = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'away', cluster: { server: 'http://127.0.0.1:9' } }],
  users: [{ name: 'somebody', user: { token: 'none' } }],
  contexts: [{ name: 'away', context: { cluster: 'away', user: 'somebody' } }],
  'current-context': 'away',
};

async function fill(path: string, runs: number): Promise<void> {
  const history = await openHistory(path);
  for (let at = 0; at < runs; at += 10_000) {
    const next = Math.min(10_000, runs - at);
    const claim = (index: number) => ({
      namespace: `team-${index % 20}`,
      name: `data-${index % 2_000}`,
      uid: `uid-${index % 2_000}`,
    });
    await history.add(Array.from({ length: next }, (_, index) => exampleRun(claim(at + index))));
  }
  await history.close();
}

/** @returns when the first answer came, the longest time without one, and when the service had its history. */
async function measure(runs: number): Promise<Record<string, number>> {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-bench-'));
  try {
    const history = join(dir, 'nkvm.db');
    const kubeconfig = join(dir, 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify(KUBECONFIG));
    await fill(history, runs);
    const begun = performance.now();
    const child = spawn(process.execPath, [...FLAGS, BUNDLE], {
      env: {
        NKVM_KUBECONFIG: kubeconfig,
        NKVM_BACKUP_DIR: join(dir, 'backups'),
        NKVM_METADATA_DB_PATH: history,
        NKVM_HTTP_PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value = '' } = await lines.next();
    const port = JSON.parse(value).addresses[0].port;
    let firstMs: number | undefined;
    let last = performance.now();
    let longestMs = 0;
    const until = performance.now() + 10_000;
    while (performance.now() < until) {
      const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
      await answer.text();
      const now = performance.now();
      firstMs ??= now - begun;
      longestMs = Math.max(longestMs, now - last);
      last = now;
      await sleep(LOOK_MS);
    }
    child.kill('SIGTERM');
    const stopping = performance.now();
    await ended;
    return {
      runs,
      'first answer ms': Math.round(firstMs ?? NaN),
      'longest silence ms': Math.round(longestMs),
      'stop ms': Math.round(performance.now() - stopping),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

bundleSidecar();
const sizes = process.argv.slice(2).map(Number);
const rows: Record<string, number>[] = [];
for (const runs of sizes.length ? sizes : [0, 100_000]) rows.push(await measure(runs));
console.table(rows);
