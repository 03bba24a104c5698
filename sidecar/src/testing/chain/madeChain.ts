import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ChainLink } from '../../../api/index.ts';
import type { Manifest } from '../../archive/manifest.ts';
import { readableBy } from '../../archive/manifest.ts';
import { indexName, manifestName } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import { exampleManifest } from '../archive/exampleManifest.ts';
import { linkHere } from './chainHere.ts';
import type { TreeChange } from './treeHistory.ts';
import { changeTree, treeLines } from './treeHistory.ts';

/** One backup of a volume. */
export interface MadeLink {
  key: string;
  manifest: Manifest;
  /** What was in the volume; see `treeLines`. */
  tree: string[];
}

/** A volume that is backed up again and again by the commands of a helper pod, which run on this machine. */
export interface MadeChain {
  volume: string;
  links: MadeLink[];
  /** Makes changes, and an archive of what has changed; of everything where `isFull`, or where the helper says so. */
  next(changes: readonly TreeChange[], isFull?: boolean): Promise<MadeLink>;
}

/**
 * Stores archives with their manifests and indexes.
 * @param root an empty directory to work in
 * @param patterns of what is left out
 */
export function madeChain(
  destination: Destination,
  root: string,
  patterns: readonly string[] = []
): MadeChain {
  const volume = join(root, 'made');
  const work = join(root, 'work');
  for (const directory of [volume, work]) mkdirSync(directory);
  const links: MadeLink[] = [];
  let before: ChainLink[] = [];
  let base: Buffer | undefined;
  const put = async (key: string, bytes: Buffer): Promise<void> =>
    await (await destination.stage(key, Readable.from([bytes]))).publish();
  return {
    volume,
    links,
    async next(changes, isFull = false) {
      for (const change of changes) changeTree(volume, change);
      const tree = treeLines(volume);
      const runId = `01made${String(links.length).padStart(20, '0')}`;
      const key = `kind__shop__orders-db__20261120T101112Z__${runId}.tar.gz`;
      const made = linkHere(volume, work, isFull ? undefined : base, {}, { key, patterns });
      const { seal, link, index } = made.sealed;
      if (typeof index === 'string') throw new Error(`there is no index: ${index}`);
      if (link.form !== 'increment') before = [];
      const chain = { links: before };
      const manifest = exampleManifest({
        ...{ runId, bytes: seal.bytes, sha256: seal.sha256, chain, members: null },
        index: { key: indexName(key), ...index, entries: seal.files },
        readableBy: readableBy(chain),
        seal: { ...exampleManifest().seal, ...seal, patterns: [...patterns] },
      });
      await put(key, made.archive);
      await put(indexName(key), made.index);
      await put(manifestName(key), Buffer.from(JSON.stringify(manifest)));
      base = link.snapshot ? made.snapshot : undefined;
      before = [...before, { runId, archive: key, bytes: seal.bytes, sha256: seal.sha256 }];
      const one = { key, manifest, tree };
      links.push(one);
      return one;
    },
  };
}
