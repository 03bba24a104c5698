import { Readable } from 'node:stream';
import type { Selection } from '../archive/index/select.ts';
import { BLOCK, padTo } from '../archive/tar/header.ts';
import { renamed } from '../archive/tar/renamed.ts';
import { contentsOf } from '../archive/tar/sparse.ts';
import { StageError } from '../errors.ts';
import { EntryReader } from './entryReader.ts';
import type { OpenArchive } from './openArchive.ts';

/** One entry of the new tar. */
interface Step {
  /** The entry that is read. */
  from: number;
  /** Another entry under whose name it is written. */
  as?: number;
  /** Of a hard link: the entry that it is another name of now. */
  linkTo?: number;
}

/**
 * Makes a tar of some entries of an archive. Headers and contents are passed on byte for byte, so that attributes, holes and
 * names stay as they were; only gzip members that hold them are read. The tar is complete when the stream ends.
 * @param toMemberEnds reads these members to their ends, so that their checksums are compared before the tar is complete
 * @throws StageError (stage `checksum`), as an error of the stream: `IndexWrong` when the archive has something else where
 *   the index names an entry; `ArchiveUnreadable`, `ArchiveBroken`
 */
export function tarOfSelection(
  archive: OpenArchive,
  selection: Selection,
  signal?: AbortSignal,
  toMemberEnds = false
): Readable {
  return Readable.from(pieces(archive, selection, signal, toMemberEnds), { objectMode: false });
}

async function* pieces(
  archive: OpenArchive,
  selection: Selection,
  signal: AbortSignal | undefined,
  toMemberEnds: boolean
): AsyncGenerator<Buffer> {
  if (archive.hasGlobals) throw hasGlobals(archive);
  const { index } = archive;
  const nameOf = (node: number) => Buffer.concat([DOT_SLASH, index.pathBytes(node)]);
  const reader = new EntryReader(archive, signal, toMemberEnds);
  try {
    for (const { from, as, linkTo } of stepsInOrder(archive, selection)) {
      const { head, source } = await reader.head(from);
      if (as !== undefined) yield renamed(head, { name: nameOf(as) });
      else if (linkTo !== undefined) yield renamed(head, { name: head.name, link: nameOf(linkTo) });
      else yield head.raw;
      yield* source.take(padTo(head.storedBytes));
    }
    await reader.settle();
    yield Buffer.alloc(2 * BLOCK);
  } catch (error) {
    throw reader.refusal(error);
  } finally {
    await reader.close();
  }
}

/** @returns what is to be written, in archive order. */
function stepsOf(
  { index }: OpenArchive,
  { nodes, contentsOf: contents, relinked }: Selection
): Step[] | Iterable<Step> {
  if (contents.size === 0) return plainSteps(nodes, relinked);
  const steps = [...plainSteps(nodes, relinked)].map(step => {
    const target = contents.get(step.from);
    return target === undefined ? step : { from: target, as: step.from };
  });
  return steps.sort((a, b) => index.blockOf(a.from) - index.blockOf(b.from));
}

/**
 * An archive of a chain begins with all its directories. Where a person unpacks it, tar may give each of them its time before it
 * writes what is in it, so they come last. A restore tells tar to wait.
 */
function* stepsInOrder(archive: OpenArchive, selection: Selection): Iterable<Step> {
  const chain = archive.ref.manifest?.chain ?? null;
  const isLast = selection.purpose === 'download' && chain !== null;
  const directories: Step[] = [];
  for (const step of stepsOf(archive, selection)) {
    if (isLast && archive.index.isDirectory(step.from)) directories.push(step);
    else yield step;
  }
  yield* directories;
}

function* plainSteps(nodes: Uint32Array, relinked: ReadonlyMap<number, number>): Generator<Step> {
  for (const from of nodes) {
    const linkTo = relinked.get(from);
    yield linkTo === undefined ? { from } : { from, linkTo };
  }
}

/**
 * Gives the contents of one file, holes as zeros; of a hard link, those of the file that it is.
 * @param node a file or a hard link to one
 * @param toMemberEnds as for `tarOfSelection`
 * @throws StageError, as an error of the stream
 */
export function fileOf(
  archive: OpenArchive,
  node: number,
  signal?: AbortSignal,
  toMemberEnds = false
): Readable {
  return Readable.from(bytesOf(archive, node, signal, toMemberEnds), { objectMode: false });
}

async function* bytesOf(
  archive: OpenArchive,
  node: number,
  signal: AbortSignal | undefined,
  toMemberEnds: boolean
): AsyncGenerator<Buffer> {
  const reader = new EntryReader(archive, signal, toMemberEnds);
  try {
    const { head, source } = await reader.head(archive.index.targetOf(node));
    yield* contentsOf(head, source);
    await reader.settle();
  } catch (error) {
    throw reader.refusal(error);
  } finally {
    await reader.close();
  }
}

const DOT_SLASH = Buffer.from('./');

const hasGlobals = ({ ref }: OpenArchive) =>
  new StageError(
    'checksum',
    'EntriesDepend',
    `archive ${ref.key} has headers that apply to several entries, so single files cannot be read from it`,
    'download or restore the whole archive',
    'needs-action'
  );
