import { DumpdirReader } from '../archive/chain/dumpdir.ts';
import { ChainMerge } from '../archive/chain/mergedIndex.ts';
import type { ArchiveIndex } from '../archive/index/archiveIndex.ts';
import { DIRECTORY } from '../archive/index/entry.ts';
import { ROOT } from '../archive/index/table.ts';
import { BadTar } from '../archive/tar/header.ts';
import { StageError } from '../errors.ts';
import { mayBeLeftOut } from '../helper/unpack/program/kept.ts';
import { EntryReader } from './entryReader.ts';
import type { FoundIndex } from './loadIndex.ts';
import type { ArchiveRef, OpenArchive, Part } from './openArchive.ts';
import { openArchive, partFrom } from './openArchive.ts';

/** How the index of one archive of a chain is found. */
export interface LoadLink {
  find(ref: ArchiveRef, signal: AbortSignal): Promise<FoundIndex>;
  indexIsWrong(ref: ArchiveRef, found: FoundIndex): void;
}

/**
 * Opens an increment: its entries, and those of the archives that it needs, as they were when it was made. Their indexes are read
 * one after the other, and the names that each of them has of the directories; of the archives themselves, that is their beginning.
 * @param refs the increment, and those that it needs, the newest first
 * @throws StageError (stage `checksum`): `ChainBroken` when they do not belong together; what reading them throws
 */
export async function openChain(
  refs: readonly [ArchiveRef, ...ArchiveRef[]],
  { find, indexIsWrong }: LoadLink,
  signal: AbortSignal
): Promise<OpenArchive> {
  const isLeftOut = mayBeLeftOut(refs[0].manifest?.seal.patterns ?? []);
  const merge = new ChainMerge(refs[0].key, path => isLeftOut(path.toString('latin1')));
  const parts: Part[] = [];
  for (const [number, ref] of refs.entries()) {
    const found = await find(ref, signal);
    const part = partFrom(ref, found, () => indexIsWrong(ref, found));
    const directories = directoriesOf(found.index);
    await merge.add(found.index);
    await readNames(openArchive(found.index, [part]), directories, merge, signal);
    merge.endLink(number === refs.length - 1);
    parts.push(part);
  }
  const { index, starts } = await merge.finish();
  const placed = parts.map((part, at) => ({ ...part, start: starts[at]! }));
  return openArchive(index, placed as [Part, ...Part[]]);
}

/**
 * @param archive one without a manifest
 * @returns it, where it holds everything that its directories list
 * @throws StageError (stage `checksum`, reason `IncrementNotOpened`) where it does not: it is an increment.
 */
export async function openAlone(archive: OpenArchive, signal: AbortSignal): Promise<OpenArchive> {
  const { index, parts } = archive;
  const [part] = parts;
  if (archive.hasGlobals || index.blockOf(ROOT) < 0) return archive;
  const reader = new EntryReader(archive, signal);
  const isLink = await reader
    .head(ROOT)
    .then(({ head }) => head.hasDumpdir)
    .finally(() => reader.close());
  if (!isLink) return archive;
  const merge = new ChainMerge(part.ref.key, path => mayBeLeftOut([])(path.toString('latin1')));
  try {
    await merge.add(index);
    await readNames(archive, directoriesOf(index), merge, signal);
    merge.endLink(true);
    const merged = await merge.finish();
    return openArchive(merged.index, parts);
  } catch (error) {
    if (!(error instanceof StageError) || error.reason !== 'ChainBroken') throw error;
    throw new StageError(
      'checksum',
      'IncrementNotOpened',
      `archive ${part.ref.key} is an increment without a manifest, so the archives that it needs are not known`,
      'put back its manifest from a copy, or open the full backup before it',
      'needs-action',
      { cause: error }
    );
  }
}

/** @returns the directories that an archive lists, in the order of the archive. */
function directoriesOf(index: ArchiveIndex): Uint32Array {
  const nodes: number[] = [];
  for (let node = 0; node < index.nodes; node++)
    if (index.columns.type[node] === DIRECTORY && index.blockOf(node) >= 0) nodes.push(node);
  return Uint32Array.from(nodes).sort((a, b) => index.blockOf(a) - index.blockOf(b));
}

async function readNames(
  archive: OpenArchive,
  directories: Uint32Array,
  merge: ChainMerge,
  signal: AbortSignal
): Promise<void> {
  const reader = new EntryReader(archive, signal);
  try {
    for (const node of directories) {
      const names = new DumpdirReader((state, bytes, from, to) =>
        merge.name(node, state, bytes, from, to)
      );
      const { head } = await reader.head(node, piece => names.push(piece));
      await reader.orRefuse(async () => {
        if (!head.hasDumpdir) throw new BadTar('a directory has no list of its names');
        names.end();
      });
    }
  } finally {
    await reader.close();
  }
}
