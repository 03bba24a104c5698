import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { BY_RULE } from '../../helper/leaveOut.ts';
import { VOLUME_PATH, WORK_PATH } from '../../helper/names.ts';
import {
  chainCommand,
  indexCommand,
  packCommand,
  snapshotCommand,
} from '../../helper/pack/packCommand.ts';
import type { PodSeal } from '../../helper/seal.ts';
import { readSeal } from '../../helper/seal.ts';
import { ARCHIVE } from '../helper/packing.ts';
import type { TreeChange } from './treeHistory.ts';
import { changeTree, treeLines } from './treeHistory.ts';

/** One link of a chain, made on this machine as a helper pod makes it. */
export interface LinkHere {
  archive: Buffer;
  /** Empty where there is none. */
  snapshot: Buffer;
  index: Buffer;
  sealed: PodSeal;
}

/**
 * Packs the directory `volume` as a link of a chain.
 * @param base the snapshot file of the link before
 * @param key name of the archive
 */
export function linkHere(
  volume: string,
  work: string,
  base: Buffer | undefined,
  env: NodeJS.ProcessEnv = {},
  { key = ARCHIVE, patterns = [] }: { key?: string; patterns?: readonly string[] } = {}
): LinkHere {
  const run = (command: readonly string[], input: Buffer = Buffer.alloc(0)): Buffer => {
    const [program = '', ...args] = command.map(word =>
      word === VOLUME_PATH ? volume : word.replace(WORK_PATH, work)
    );
    const { status, stdout, stderr } = spawnSync(program, args, {
      input,
      maxBuffer: 2 ** 30,
      env: { ...process.env, ...env },
    });
    if (status !== 0) throw new Error(`${status}: ${stderr.toString()}`);
    return stdout;
  };
  const sha256 = base && createHash('sha256').update(base).digest('hex');
  run(chainCommand(sha256), base);
  writeFileSync(join(work, 'patterns'), patterns.map(each => `${each}\n`).join(''));
  const archive = run(
    packCommand('checksum', key, { ...BY_RULE, patterns: [...patterns] }, { isLink: true })
  );
  const sealed = readSeal(readFileSync(join(work, 'seal'), 'utf8'));
  const snapshot = sealed.link.snapshot ? fromNow(run(snapshotCommand()), work) : Buffer.alloc(0);
  return { archive, snapshot, index: run(indexCommand()), sealed };
}

/** A volume at the time of a backup, and the archives that make it again, the full one first. */
export interface PointHere {
  /** See `treeLines`. */
  tree: string[];
  links: LinkHere[];
}

/**
 * Backs up a volume after each round of changes: increments, where the helper makes no full archive.
 * @param root an empty directory to work in
 */
export function pointsHere(root: string, rounds: readonly (readonly TreeChange[])[]): PointHere[] {
  const volume = join(root, 'made');
  const work = join(root, 'work');
  for (const directory of [volume, work]) mkdirSync(directory);
  let links: LinkHere[] = [];
  return rounds.map(changes => {
    for (const change of changes) changeTree(volume, change);
    const link = linkHere(volume, work, links.at(-1)?.snapshot);
    links = link.sealed.link.form === 'increment' ? [...links, link] : [link];
    return { tree: treeLines(volume), links };
  });
}

/**
 * Files of a test are younger than the time that tar's snapshot file is put back to. It becomes the present instead; when this
 * returns, every change of a file has a later time.
 */
function fromNow(snapshot: Buffer, work: string): Buffer {
  const probe = join(work, 'probe');
  const tick = (): bigint => {
    writeFileSync(probe, '');
    return statSync(probe, { bigint: true }).ctimeNs;
  };
  const time = tick() + 1n;
  while (tick() <= time);
  return otherSnapshot(snapshot, parts => setTime(parts, time));
}

/** Gives a snapshot file another time, in nanoseconds. */
export function setTime(parts: Parts, time: bigint): void {
  const text = parts.tar
    .toString('latin1')
    .replace(/\n\d+\0\d+\0/, `\n${time / 1_000_000_000n}\0${time % 1_000_000_000n}\0`);
  parts.tar = Buffer.from(text, 'latin1');
  parts.head.tarBytes = parts.tar.length;
}

/** The parts of a snapshot file. */
interface Parts {
  head: { sample: { sha256: string }[]; entries: number; tarBytes: number };
  tar: Buffer;
  known: Buffer;
}

/** @returns a snapshot file in which something is different. */
export function otherSnapshot(snapshot: Buffer, change: (parts: Parts) => void): Buffer {
  const text = gunzipSync(snapshot);
  const end = text.indexOf('\n');
  const head = JSON.parse(text.subarray(0, end).toString()) as Parts['head'];
  const tar = text.subarray(end + 1, end + 1 + head.tarBytes);
  const parts = { head, tar, known: text.subarray(end + 1 + head.tarBytes) };
  change(parts);
  return gzipSync(
    Buffer.concat([Buffer.from(`${JSON.stringify(parts.head)}\n`), parts.tar, parts.known])
  );
}

/** Unpacks a chain with tar alone. */
export function untarChain(archives: readonly Buffer[], target: string): void {
  for (const [at, archive] of archives.entries()) {
    const path = `${target}.${at}.tar.gz`;
    writeFileSync(path, archive);
    const { status, stderr } = spawnSync('tar', [
      ...['--extract', '--gzip', `--file=${path}`, '--listed-incremental=/dev/null'],
      ...['--same-owner', '--preserve-permissions', '--numeric-owner', `--directory=${target}`],
    ]);
    if (status !== 0) throw new Error(stderr.toString());
  }
}
