import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { ChainLink } from '../../../api/index.ts';
import { readableBy } from '../../archive/manifest.ts';
import { manifestName, snapshotName } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { RunRecord } from '../../history/history.ts';
import { exampleManifest } from '../archive/exampleManifest.ts';
import { exampleRun } from '../history/exampleRun.ts';
import { packLink } from './packChain.ts';
import type { TreeChange } from './treeHistory.ts';
import { changeTree, treeLines } from './treeHistory.ts';

/** Backups of one volume that make a chain, the full one first. */
export interface StoredChain {
  runs: RunRecord[];
  /** The volume, as it is now. */
  tree: string;
  /** What was in the volume at each of the backups; see `treeLines`. */
  points: string[][];
}

/** @returns how many entries a tar has, as tar counts them. */
export function entriesIn(tar: Buffer): number {
  let entries = 0;
  for (let at = 0; tar[at] !== 0; ) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    if (tar[at + 156] !== 0x78) entries++;
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

/**
 * Makes a chain with the tar of this machine, and stores it, with manifests and snapshot files and without indexes.
 * @param root an empty directory to work in
 * @param rounds what changes in the volume before each backup
 */
export async function storedChain(
  destination: Destination,
  root: string,
  rounds: readonly (readonly TreeChange[])[]
): Promise<StoredChain> {
  const tree = join(root, 'tree');
  const archives = join(root, 'archives');
  for (const directory of [tree, archives]) mkdirSync(directory);
  const links: ChainLink[] = [];
  const chain: StoredChain = { runs: [], tree, points: [] };
  for (const [level, changes] of rounds.entries()) {
    for (const change of changes) changeTree(tree, change);
    const tar = readFileSync(packLink(tree, archives, level));
    chain.points.push(treeLines(tree));
    const archive = gzipSync(tar, { level: 1 });
    const sha256 = createHash('sha256').update(archive).digest('hex');
    const digest = { bytes: archive.length, sha256 };
    const id = `01chain${String(level).padStart(19, '0')}`;
    const own = { links: [...links] };
    const snapshot = gzipSync(readFileSync(join(archives, `${level}.snapshot`)));
    const manifest = exampleManifest({
      runId: id,
      ...digest,
      chain: own,
      members: null,
      index: null,
    });
    Object.assign(manifest, { readableBy: readableBy(own) });
    Object.assign(manifest.seal, { files: entriesIn(tar), rawBytes: tar.length });
    const key = manifest.archive;
    manifest.snapshot = {
      key: snapshotName(key),
      bytes: snapshot.length,
      sha256: createHash('sha256').update(snapshot).digest('hex'),
    };
    await (await destination.stage(key, Readable.from([archive]))).publish();
    await (await destination.stage(snapshotName(key), Readable.from([snapshot]))).publish();
    await destination.put(manifestName(key), JSON.stringify(manifest));
    const run = exampleRun({ id });
    const [copy] = run.copies;
    if (!copy) throw new Error('the example has no copy');
    chain.runs.push({
      ...run,
      ...digest,
      chain: own,
      seal: manifest.seal,
      copies: [{ ...copy, ...digest, destination: destination.id, key }],
    });
    links.push({ runId: id, archive: key, ...digest });
  }
  return chain;
}
