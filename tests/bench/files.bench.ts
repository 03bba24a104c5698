/**
 * How soon the files of a big archive are there: `node tests/bench/files.bench.ts`. A server with the flags of production
 * lists and searches an index of 1,000,000 entries, once with all of them in one folder and once in many; and it gives a
 * file of 1 KiB from the middle of an archive of 10 GB. Times are those of whole requests.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { writeManifest } from '../../sidecar/src/archive/manifest.ts';
import { manifestName } from '../../sidecar/src/archive/name.ts';
import { archivesAt } from '../../sidecar/src/browse/archives.ts';
import { localDestination } from '../../sidecar/src/destinations/directory/local.ts';
import type { HttpWorld } from '../../sidecar/src/http/server.ts';
import { exampleManifest } from '../../sidecar/src/testing/archive/exampleManifest.ts';
import { testArchive } from '../../sidecar/src/testing/archive/testArchive.ts';
import { fixedPlaces } from '../../sidecar/src/testing/destinations/fixedPlaces.ts';
import { exampleRun } from '../../sidecar/src/testing/history/exampleRun.ts';
import { httpWorld } from '../../sidecar/src/testing/httpWorld.ts';
import { imageFlags } from '../support/imageFlags.ts';
import { biggestRssMiB, rssMiB } from './support/memory.ts';

const FLAGS = imageFlags();
const ENTRIES = 1_000_000;
const MEMBER = 64 * 1024 * 1024;
const MEMBERS = 160;
const LIMITS = { listMs: 300, searchMs: 1_000, fileMs: 1_000, rssMiB: 250 };

const keyOf = (name: string): string => `kind__shop__${name}__20261120T101112Z__${name}.tar.gz`;

/** Lines of an archive in which nothing is ever read. */
function* lines(pathOf: (at: number) => string): Generator<string> {
  let block = 0;
  let some: string[] = [];
  for (let at = 0; at < ENTRIES; at++) {
    const bytes = (at * 7_919) % 1_000_000;
    const second = String(at % 60).padStart(2, '0');
    some.push(
      `block ${block}: -rw-r--r--  1000/1000 ${bytes} 2026-11-20 10:11:${second}.123456789 "./${pathOf(
        at
      )}"\n`
    );
    block += 3 + Math.ceil(bytes / 512);
    if (some.length < 2_000) continue;
    yield some.join('');
    some = [];
  }
  yield some.join('');
}

const headerOf = (archive: string, more: object = {}) =>
  `${JSON.stringify({ formatVersion: 1, archive, lines: 'tar-R-vv', ...more })}\n`;

async function putIndex(dir: string, name: string, pathOf: (at: number) => string): Promise<void> {
  const path = join(dir, keyOf(name));
  const archive = 'not read';
  await fs.writeFile(path, archive);
  async function* text() {
    yield headerOf(keyOf(name));
    yield* lines(pathOf);
  }
  const file = await fs.open(`${path}.index.gz`, 'w');
  await pipeline(Readable.from(text()), createGzip({ level: 1 }), file.createWriteStream());
  const bytes = archive.length;
  const { seal, ...manifest } = exampleManifest({
    archive: keyOf(name),
    runId: name,
    bytes,
    index: null,
  });
  await fs.writeFile(
    join(dir, manifestName(keyOf(name))),
    writeManifest({ ...manifest, seal: { ...seal, files: ENTRIES } })
  );
}

/** An archive of 10 GB, of which only the member in the middle is there: the rest is a hole in the file. */
async function putBigArchive(dir: string): Promise<void> {
  const key = keyOf('big');
  const { tar } = testArchive(key, 'head -c 1024 /dev/urandom > small', {
    tarArguments: ['--format=posix'],
  });
  // What compresses by half, and the file at the end of the member: all of it has to be unpacked.
  const half = Buffer.concat(
    Array.from({ length: 16 }, () =>
      Buffer.concat([randomBytes(2_048), Buffer.alloc(2_048, 'text of a file\n')])
    )
  );
  const raw = Buffer.alloc(MEMBER, half);
  const at = MEMBER - tar.length;
  tar.copy(raw, at);
  const middle = gzipSync(raw, { level: 1 });
  const before = Math.floor(MEMBERS / 2);
  const sizes = Array.from({ length: MEMBERS }, (_, member) =>
    member === before ? middle.length : 10e9 / MEMBERS
  );
  const start = sizes.slice(0, before).reduce((sum, size) => sum + size, 0);
  const file = await fs.open(join(dir, key), 'w');
  await file.write(middle, 0, middle.length, start);
  await file.truncate(sizes.reduce((sum, size) => sum + size, 0));
  await file.close();
  const block = (before * MEMBER + at) / 512;
  const list = `block ${block + 3}: -rw-r--r-- 0/0 1024 2026-11-20 10:11:12 "./small"\n`;
  const header = headerOf(key, { memberRawBytes: MEMBER, members: sizes });
  await fs.writeFile(join(dir, `${key}.index.gz`), gzipSync(header + list));
}

/** The server, with a run for each archive. */
async function serve(dir: string): Promise<void> {
  const destination = localDestination(dir, { installation: 'bench', id: 'memory' });
  const archives = archivesAt({
    places: fixedPlaces([destination]),
    log: console,
    mayStore: () => false,
  });
  const world = await httpWorld({ destination, archives } as Partial<HttpWorld>);
  for (const name of ['flat', 'deep', 'big']) {
    const key = keyOf(name);
    const { size } = await fs.stat(join(dir, key));
    const copy = { ...exampleRun().copies[0]!, destination: 'memory', key, bytes: size };
    await world.history.add([exampleRun({ id: name, namespaceUid: 'uid-shop', copies: [copy] })]);
  }
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  process.send!(world.app.server.address());
  process.on('disconnect', () => process.exit(0));
}

async function measure(): Promise<boolean> {
  const dir = await fs.mkdtemp(join(tmpdir(), 'nkvm-bench-files-'));
  let server: ChildProcess | undefined;
  try {
    await putIndex(dir, 'flat', at => `files/file-${(at * 7_919) % ENTRIES}.dat`);
    await putIndex(
      dir,
      'deep',
      at => `data/team-${at % 1_000}/part-${(at >> 3) % 20}/file-${at}.dat`
    );
    await putBigArchive(dir);
    server = fork(import.meta.filename, ['serve', dir], { execArgv: FLAGS });
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    return await ask(`http://127.0.0.1:${port}/api/v1`, server.pid!);
  } finally {
    server?.kill();
    await fs.rm(dir, { recursive: true });
  }
}

async function ask(base: string, pid: number): Promise<boolean> {
  const headers = { 'x-nkvm-token': 'admin', 'content-type': 'application/json' };
  const within: boolean[] = [];
  const timed = async (what: string, limitMs: number | undefined, path: string) => {
    const startedAt = performance.now();
    const answer = await fetch(`${base}/${path}`, { headers });
    const body = await answer.text();
    const ms = performance.now() - startedAt;
    if (!answer.ok) throw new Error(body);
    if (limitMs !== undefined) within.push(ms <= limitMs);
    const limit = limitMs === undefined ? '' : ` (limit ${limitMs})`;
    console.log(`${what.padEnd(44)} ${ms.toFixed(0).padStart(6)} ms${limit}`);
    return JSON.parse(body);
  };
  console.log(`${'RSS before'.padEnd(44)} ${rssMiB(pid).toFixed(0).padStart(6)} MiB`);
  for (const name of ['flat', 'deep']) {
    const files = `backups/${name}/files`;
    const folder = name === 'flat' ? 'files' : 'data/team-7';
    console.log(
      `\n${ENTRIES.toLocaleString('en')} entries, ${
        name === 'flat' ? 'all in one folder' : 'in 20,000 folders'
      }`
    );
    await timed('index is read, root', undefined, files);
    const first = await timed(
      'folder, by name, first page',
      LIMITS.listMs,
      `${files}?path=${folder}`
    );
    if (first.nextCursor)
      await timed(
        '  next page',
        LIMITS.listMs,
        `${files}?path=${folder}&cursor=${first.nextCursor}`
      );
    const bySize = `${files}?path=${folder}&sort=size&order=desc`;
    const big = await timed('folder, by size, first page', undefined, bySize);
    if (big.nextCursor)
      await timed('  next page', LIMITS.listMs, `${bySize}&cursor=${big.nextCursor}`);
    await timed('search for a rare name', LIMITS.searchMs, `${files}?search=99999`);
    await timed('search for what all have', LIMITS.searchMs, `${files}?search=FILE-`);
    await timed(
      'search for nothing, files of 900 KB and more',
      LIMITS.searchMs,
      `${files}?search=&minBytes=900000`
    );
    const most = biggestRssMiB(pid);
    const isFirst = name === 'flat';
    if (isFirst) within.push(most <= LIMITS.rssMiB);
    const limit = isFirst ? ` (limit ${LIMITS.rssMiB})` : ', with the index before this one';
    console.log(`${'RSS at most'.padEnd(44)} ${most.toFixed(0).padStart(6)} MiB${limit}`);
  }
  console.log('\na file of 1 KiB in the middle of 10 GB');
  for (const round of ['first', 'second']) {
    const startedAt = performance.now();
    const ticket = await fetch(`${base}/backups/big/downloads`, {
      ...{ method: 'POST', headers, body: JSON.stringify({ paths: ['small'] }) },
    });
    const { path } = await ticket.json();
    const bytes = await (await fetch(new URL(path, base))).arrayBuffer();
    const ms = performance.now() - startedAt;
    if (bytes.byteLength !== 1_024) throw new Error(`${bytes.byteLength} bytes came`);
    within.push(ms <= LIMITS.fileMs);
    console.log(
      `${`${round} time, with its ticket`.padEnd(44)} ${ms.toFixed(0).padStart(6)} ms (limit ${
        LIMITS.fileMs
      })`
    );
  }
  return within.every(Boolean);
}

if (process.argv[2] === 'serve') await serve(process.argv[3]!);
else process.exitCode = (await measure()) ? 0 : 1;
