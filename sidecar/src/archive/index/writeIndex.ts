import type { Readable } from 'node:stream';
import { pipeline, Readable as Stream } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { ArchiveIndex } from './archiveIndex.ts';
import { EntryFields, HARDLINK, SYMLINK } from './entry.ts';
import type { IndexHeader } from './storedIndex.ts';
import { lineOf } from './writeLine.ts';

/** Lines that are compressed at once. */
const TOGETHER = 1_000;

/** @returns an index as it is stored, compressed; see `IndexHeader`. Directories that are only implied stay so. */
export function storedForm(header: IndexHeader, index: ArchiveIndex): Readable {
  // A failure ends the last stream, which is the one that is read.
  return pipeline(
    Stream.from(pieces(header, index), { objectMode: false }),
    createGzip({ level: 1 }),
    () => undefined
  );
}

function* pieces(header: IndexHeader, index: ArchiveIndex): Generator<string> {
  yield `${JSON.stringify(header)}\n`;
  const entry = new EntryFields();
  let lines: string[] = [];
  for (const node of inArchiveOrder(index)) {
    fill(entry, index, node);
    lines.push(lineOf(entry));
    if (lines.length < TOGETHER) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

function inArchiveOrder(index: ArchiveIndex): Uint32Array {
  const nodes = new Uint32Array(index.nodes);
  let count = 0;
  let isInOrder = true;
  let before = -1;
  for (let node = 0; node < index.nodes; node++) {
    const block = index.blockOf(node);
    if (block < 0) continue;
    isInOrder &&= block > before;
    before = block;
    nodes[count++] = node;
  }
  const listed = nodes.subarray(0, count);
  return isInOrder ? listed : listed.sort((a, b) => index.blockOf(a) - index.blockOf(b));
}

function fill(entry: EntryFields, index: ArchiveIndex, node: number): void {
  const { type, mode, size, seconds, nanos } = index.columns;
  entry.block = index.blockOf(node);
  entry.type = type[node]!;
  entry.mode = mode[node]!;
  entry.owner = index.ownerOf(node);
  entry.size = size[node]!;
  entry.seconds = seconds[node]!;
  entry.nanos = nanos[node]!;
  entry.name.set(Buffer.concat([Buffer.from('./'), index.pathBytes(node)]));
  if (entry.type === SYMLINK || entry.type === HARDLINK) entry.link.set(index.linkBytes(node));
  else entry.link.length = 0;
}
