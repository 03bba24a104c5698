/**
 * How fast the pod's command unpacks an archive and compares the volume with it, beside `igzip -dc | tar -x` on the same disk,
 * in time and in CPU; and how much memory the comparison of a million entries takes.
 * usage: node tests/bench/unpack.bench.ts [GIGABYTES] [FILES] [ROUNDS]
 * 0 gigabytes: the memory only. Needs root, igzip and 4 times that much space in the directory for temporary files.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainEntry } from '../../sidecar/src/helper/unpack/program/entry.ts';
import { headerOf } from '../../sidecar/src/helper/unpack/program/header.ts';
import { bundleSidecar } from './support/bundle.ts';
import { cpuSecondsBelow } from './support/cpu.ts';

const GIGABYTES = Number(process.argv[2] ?? 2);
const FILES = Number(process.argv[3] ?? 53_000);
const ROUNDS = Number(process.argv[4] ?? 3);
const MILLION = 1_000_000;
const UNPACKED = join(import.meta.dirname, '../../sidecar/dist/unpack');

bundleSidecar();
const root = mkdtempSync(join(tmpdir(), 'nkvm-bench-'));
try {
  if (GIGABYTES > 0) await compareSpeed();
  await measureMemory();
} finally {
  rmSync(root, { recursive: true, force: true });
}

async function compareSpeed(): Promise<void> {
  const tree = join(root, 'tree');
  makeTree(tree);
  const archive = join(root, 'archive.tar.gz');
  shell(
    `tar --create --format=posix --xattrs --xattrs-include='*' --acls --sparse --numeric-owner -C "$1" . | igzip -1 -c >"$2"; sync`,
    tree,
    archive
  );
  rmSync(tree, { recursive: true });
  const rawBytes = Number(shell('igzip -dc <"$1" | wc -c', archive));
  const rate = (seconds: number): string => `${(rawBytes / 1e6 / seconds).toFixed(0)} MB/s`;
  console.log(
    `archive                           ${(rawBytes / 1e9).toFixed(2)} GB of tar, ${FILES} files`
  );
  const times: Record<'plain' | 'written' | 'compared', number[]> = {
    plain: [],
    written: [],
    compared: [],
  };
  const cpu: Record<'plain' | 'compared', number[]> = { plain: [], compared: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const volume = join(root, 'volume');
    mkdirSync(volume);
    const began = Date.now();
    const cpuBefore = cpuSecondsBelow(process.pid);
    shell(
      'igzip -dc <"$1" | tar --extract --same-owner --same-permissions --numeric-owner --acls --xattrs --xattrs-include="*" -C "$2"; sync -f "$2"',
      archive,
      volume
    );
    times.plain.push((Date.now() - began) / 1000);
    cpu.plain.push(cpuSecondsBelow(process.pid) - cpuBefore);
    rmSync(volume, { recursive: true });
    shell('sync');
    mkdirSync(volume);
    const { writtenMs, totalMs, cpuSeconds, result } = await unpack(volume, archive);
    if (result.comparison?.differences !== 0) throw new Error(JSON.stringify(result));
    times.written.push(writtenMs / 1000);
    times.compared.push(totalMs / 1000);
    cpu.compared.push(cpuSeconds);
    rmSync(volume, { recursive: true });
    shell('sync');
  }
  const best = (all: number[]): number => Math.min(...all);
  const plain = best(times.plain);
  const show = (name: string, all: number[]): void =>
    console.log(
      `${name.padEnd(34)}${all.map(seconds => seconds.toFixed(1)).join(', ')} s; best ${rate(
        best(all)
      )}, ${(plain / best(all)).toFixed(2)} of plain`
    );
  show('igzip -dc | tar -x; sync', times.plain);
  show('ours, written', times.written);
  show('ours, written, synced, compared', times.compared);
  const seconds = (all: number[]): string => all.map(each => each.toFixed(1)).join(', ');
  const ratio = Math.min(...cpu.compared) / Math.min(...cpu.plain);
  console.log(
    `seconds of CPU                    plain ${seconds(cpu.plain)}; ours, compared ${seconds(
      cpu.compared
    )}: ${ratio.toFixed(2)} times`
  );
}

interface Outcome {
  writtenMs: number;
  totalMs: number;
  /** Of all its processes. */
  cpuSeconds: number;
  result: { comparison: { differences: number; entries: number } | null };
  /** Biggest resident set of the program, in MiB. */
  memory: number;
}

async function unpack(volume: string, archive: string, env = process.env): Promise<Outcome> {
  const work = mkdtempSync(join(root, 'work-'));
  cpSync(join(UNPACKED, 'program'), join(work, 'program'), { recursive: true });
  writeFileSync(join(work, 'program/package.json'), '{"type":"module"}');
  writeFileSync(join(work, 'program/patterns.json'), '[]');
  const job = JSON.stringify({ mode: 'new', isSelection: false, expected: {} });
  const stdin = openSync(archive, 'r');
  const began = Date.now();
  const child = spawn(
    'sh',
    [
      join(UNPACKED, 'unpack.sh'),
      volume,
      work,
      join(work, 'program/main.js'),
      archive.endsWith('.gz') ? 'gzip' : 'tar',
      job,
      'hash',
    ],
    { stdio: [stdin, 'pipe', 'inherit'], env }
  );
  let writtenMs = 0;
  child.stdout?.on('data', news => {
    if (String(news).includes('comparing')) writtenMs = Date.now() - began;
  });
  let memory = 0;
  let cpuSeconds = 0;
  const before = cpuSecondsBelow(process.pid);
  // The shell does not wait for all that it has started, so the last look counts.
  const sampler = setInterval(() => {
    memory = Math.max(memory, peakMiB(work));
    cpuSeconds = Math.max(cpuSeconds, cpuSecondsBelow(process.pid) - before);
  }, 100);
  const [exit] = await once(child, 'close');
  const totalMs = Date.now() - began;
  clearInterval(sampler);
  closeSync(stdin);
  if (exit !== 0) throw new Error(`the command ended with ${exit}`);
  const result = JSON.parse(readFileSync(join(work, 'result'), 'utf8'));
  rmSync(work, { recursive: true });
  return { writtenMs, totalMs, cpuSeconds, result, memory };
}

function peakMiB(work: string): number {
  try {
    const pid = readFileSync(join(work, 'brain.pid'), 'utf8');
    const [, kB] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kB ?? 0) / 1024;
  } catch {
    return 0; // before it has begun, or after its end
  }
}

/** A tar that takes a tar and forgets it, and gives the same back: nothing is written to a disk a million times. */
async function measureMemory(): Promise<void> {
  const archive = join(root, 'million.tar');
  const file = openSync(archive, 'w');
  const entry = {
    mode: 0o644,
    uid: 1000,
    gid: 1000,
    seconds: 1.7e9,
    nanoseconds: 123_456_789,
    size: 0,
  };
  for (let at = 0; at < MILLION; at += 1000) {
    const directory = `data/${at}-a-directory-with-a-name`;
    const headers = Array.from({ length: 1000 }, (_, index) =>
      headerOf(
        plainEntry(
          index === 0
            ? { ...entry, path: directory, type: 'directory' }
            : {
                ...entry,
                path: `${directory}/a-file-with-an-ordinary-name-${at + index}.json`,
                type: 'file',
              }
        )
      )
    );
    writeSync(file, Buffer.concat(headers));
  }
  writeSync(file, Buffer.alloc(10_240));
  closeSync(file);
  const bin = join(root, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'tar'),
    `#!/bin/sh\ncase "$*" in *--extract*) exec cat >/dev/null;; esac\nexec cat '${archive}'\n`
  );
  chmodSync(join(bin, 'tar'), 0o755);
  const volume = join(root, 'volume');
  mkdirSync(volume);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const { totalMs, memory, result } = await unpack(volume, archive, env);
  console.log(
    `comparison of ${result.comparison?.entries} entries    ${(totalMs / 1000).toFixed(
      1
    )} s, program at most ${memory.toFixed(0)} MiB`
  );
}

/** Files of 1 KB to 1 MB, 42 % of the bytes incompressible. */
function makeTree(tree: string): void {
  const mean = (GIGABYTES * 1e9) / FILES;
  const noise = randomBytes(4_000_000);
  const words = Buffer.from(
    'a line of text that compresses well, as most text does\n'.repeat(80_000)
  );
  for (let at = 0; at < FILES; at++) {
    const directory = join(tree, `${at % 40}`, `${Math.floor(at / 40) % 30}`);
    if (at < 1200) mkdirSync(directory, { recursive: true });
    const bytes = Math.round(mean * (at % 50 === 0 ? 25 : 0.51));
    const from = (at * 7919) % 1_000_000;
    writeFileSync(
      join(directory, `file-${at}`),
      (at % 100 < 42 ? noise : words).subarray(from, from + bytes)
    );
  }
}

function shell(script: string, ...args: string[]): string {
  return execFileSync('sh', ['-c', script, 'sh', ...args], { encoding: 'utf8' });
}
