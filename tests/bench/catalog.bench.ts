/**
 * What reading the catalog of a destination costs: `node tests/bench/catalog.bench.ts [archives ...]`, by default 10,000 and
 * 100,000, in a directory. The first reading takes every manifest into an empty history, the second only lists. Each size is
 * measured in a process of its own, with the flags of the image.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveName, manifestName } from '../../sidecar/src/archive/name.ts';
import { readCatalog } from '../../sidecar/src/backup/catalog/readCatalog.ts';
import { rebuildHistory } from '../../sidecar/src/backup/rebuildHistory.ts';
import { localDestination } from '../../sidecar/src/destinations/directory/local.ts';
import { openHistory } from '../../sidecar/src/history/openHistory.ts';
import { exampleManifest } from '../../sidecar/src/testing/archive/exampleManifest.ts';
import { imageFlags } from '../support/imageFlags.ts';

const FLAGS = imageFlags();
const SIZES = ['10000', '100000'];
const VOLUMES = 2_000;
const MiB = 1024 * 1024;
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

function fill(dir: string, archives: number): void {
  for (let index = 0; index < archives; index += 1) {
    const pvc = `data-app-${index % VOLUMES}-0`;
    const runId = `01k0bench${String(index).padStart(17, '0')}`;
    const at = new Date(1.7e12 + index * 1000);
    const archive = archiveName({ cluster: 'bench', namespace: 'shop', pvc, at, runId });
    const manifest = exampleManifest({
      archive,
      pvc,
      runId,
      bytes: 1,
      createdAt: at.toISOString(),
    });
    writeFileSync(join(dir, archive), 'x');
    writeFileSync(join(dir, manifestName(archive)), JSON.stringify(manifest));
  }
}

async function measure(dir: string, archives: number): Promise<Record<string, number>> {
  const backups = join(dir, 'backups');
  mkdirSync(backups);
  fill(backups, archives);
  const history = await openHistory(join(dir, 'nkvm.db'));
  const { clusterUid, installation } = exampleManifest({});
  const identity = { clusterUid: clusterUid ?? '', installation: installation ?? '' };
  const destination = localDestination(backups, { installation: identity.installation });
  const signal = new AbortController().signal;
  let peak = 0;
  const look = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const before = process.memoryUsage.rss();
  const adoptMs = await timed(() =>
    rebuildHistory({
      ...{ history, destination, identity, log, signal },
      claimUidOf: () => undefined,
      limitMs: 3_600_000,
    })
  );
  peak = 0;
  let read: Awaited<ReturnType<typeof readCatalog>> | undefined;
  const listBefore = process.memoryUsage.rss();
  const options = { destination, history, installation: identity.installation, log, signal };
  const listMs = await timed(async () => {
    read = await readCatalog({ ...options, now: () => new Date() });
  });
  clearInterval(look);
  await history.close();
  return {
    archives: read?.catalog.archives ?? 0,
    foreign: read?.catalog.foreign ?? 0,
    adoptMs,
    listMs,
    listPeakMiB: Math.max(0, peak - listBefore) / MiB,
    historyMiB: (listBefore - before) / MiB,
  };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

const [mode, ...sizes] = process.argv.slice(2);
if (mode === '--one') {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-catalog-'));
  try {
    const found = await measure(dir, Number(sizes[0]));
    const cells = Object.entries(found).map(([name, value]) => `${name} ${Math.round(value)}`);
    console.log(cells.join('  '));
  } finally {
    rmSync(dir, { recursive: true });
  }
} else {
  for (const size of mode ? [mode, ...sizes] : SIZES)
    spawnSync(process.execPath, [...FLAGS, import.meta.filename, '--one', size], {
      stdio: 'inherit',
    });
}
