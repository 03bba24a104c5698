import { StageError } from '../../errors.ts';
import { ArchiveIndex } from './archiveIndex.ts';
import type { Columns } from './columns.ts';
import { bytesOfColumns, growColumns, newColumns } from './columns.ts';
import type { EntryFields } from './entry.ts';
import { DIRECTORY, HARDLINK, SYMLINK } from './entry.ts';
import { findChild, insertChild, ROOT } from './table.ts';

const SLASH = 0x2f;
/** Memory of an owner besides its text. */
const OWNER_BYTES = 80;
const DOT = 0x2e;

/**
 * Longest path, and target of a link. No request can name a longer one (`ArchivePath`), and a page of a list has hundreds. A
 * header of some megabytes could hold a path through millions of directories.
 */
const LONGEST_PATH = 16 * 1024;

/** Bytes of memory that one index may take. */
const MAX_INDEX_BYTES = 192 * 1024 * 1024;

/** So many entries would take all of that. */
const MOST_EXPECTED = 3_000_000;

/**
 * Builds an index from entries in archive order. A path that comes twice is what it is the second time, as tar does it.
 * Directories that the archive does not list are implied.
 */
export class IndexBuilder {
  columns: Columns;
  /** How many nodes there are; the root is the first. */
  count = 1;
  private lines = 0;
  private lastOwner = '';
  private lastOwnerNumber = -1;
  private readonly owners = new Map<string, number>();
  private ownerBytes = 0;
  /** Path of the directory of the entry before, and its node: most entries have the same. */
  private lastDirectory: Buffer = Buffer.alloc(0);
  private lastDirectoryLength = -1;
  private lastDirectoryNode = ROOT;
  private readonly maxBytes: number;

  /** @param expected how many entries there may be; a wrong number costs time only */
  constructor({
    expected = 0,
    maxBytes = MAX_INDEX_BYTES,
  }: { expected?: number | undefined; maxBytes?: number } = {}) {
    // and some directories that the archive does not list
    this.columns = newColumns(Math.min(Math.ceil(expected * 1.01), MOST_EXPECTED));
    this.maxBytes = maxBytes;
  }

  /** Goes on where an index ended. That index must not be used any more. */
  static of(index: ArchiveIndex): IndexBuilder {
    const builder = new IndexBuilder();
    builder.columns = index.columns;
    builder.count = index.nodes;
    builder.lines = index.entries;
    for (const owner of index.owners) builder.ownerNumber(owner);
    return builder;
  }

  /** @throws StageError (stage `checksum`, reason `IndexTooBig`) */
  add(entry: EntryFields): void {
    const { bytes, length } = entry.name;
    if (Math.max(length, entry.link.length) > LONGEST_PATH) throw tooLong();
    let end = length;
    while (end > 0 && bytes[end - 1] === SLASH) end -= 1;
    let from = end;
    while (from > 0 && bytes[from - 1] !== SLASH) from -= 1;
    const parent = this.directory(bytes, from);
    const node = isNothing(bytes, from, end) ? parent : this.child(parent, bytes, from, end);
    this.lines += 1;
    if (this.lines % 1_024 === 0) this.checkSize();
    this.fill(node, entry);
  }

  /**
   * Gives a node what an entry of another index is.
   * @param blocks of other archives that come before the one of that index
   */
  copy(node: number, from: ArchiveIndex, fromNode: number, blocks: number): void {
    const { columns } = this;
    const other = from.columns;
    const block = from.blockOf(fromNode) + blocks;
    columns.type[node] = other.type[fromNode]!;
    columns.mode[node] = other.mode[fromNode]!;
    columns.size[node] = other.size[fromNode]!;
    columns.seconds[node] = other.seconds[fromNode]!;
    columns.nanos[node] = other.nanos[fromNode]!;
    columns.owner[node] = this.ownerNumber(from.ownerOf(fromNode));
    columns.blockLow[node] = block % 2 ** 32;
    columns.blockHigh[node] = Math.floor(block / 2 ** 32) + 1;
    columns.link[node] = 0;
    if (other.link[fromNode] !== 0) this.addLink(node, from.linkBytes(fromNode));
    this.lines += 1;
    if (this.lines % 1_024 === 0) this.checkSize();
  }

  finish(): ArchiveIndex {
    return new ArchiveIndex(this.columns, this.count, this.lines, [...this.owners.keys()]);
  }

  private fill(node: number, entry: EntryFields): void {
    const { columns } = this;
    columns.type[node] = entry.type;
    columns.mode[node] = entry.mode;
    columns.size[node] = entry.size;
    columns.seconds[node] = entry.seconds;
    columns.nanos[node] = entry.nanos;
    columns.owner[node] = this.ownerNumber(entry.owner);
    columns.blockLow[node] = entry.block % 2 ** 32;
    columns.blockHigh[node] = Math.floor(entry.block / 2 ** 32) + 1;
    columns.link[node] = 0;
    if (entry.type === SYMLINK || entry.type === HARDLINK) this.addLink(node, entry.link.view());
  }

  /** Asked now and then: the paths of 1,024 entries have at most 16 MiB. */
  private checkSize(): void {
    const bytes = bytesOfColumns(this.columns, this.count) + this.ownerBytes;
    if (bytes > this.maxBytes) throw tooBig(this.count);
  }

  private addLink(node: number, link: Uint8Array): void {
    const { columns } = this;
    const from = columns.linksLength;
    const need = from + link.length + 4;
    if (need > columns.links.length) columns.links = doubled(columns.links, need);
    columns.links.writeUInt32LE(link.length, from);
    columns.links.set(link, from + 4);
    columns.linksLength = need;
    columns.link[node] = from + 1;
  }

  private ownerNumber(owner: string): number {
    if (owner === this.lastOwner && this.lastOwnerNumber >= 0) return this.lastOwnerNumber;
    let number = this.owners.get(owner);
    if (number === undefined) {
      number = this.owners.size;
      this.owners.set(owner, number);
      this.ownerBytes += OWNER_BYTES + owner.length;
    }
    this.lastOwner = owner;
    this.lastOwnerNumber = number;
    return number;
  }

  /** @returns the node of the directory whose path is the first `length` bytes. */
  private directory(bytes: Buffer, length: number): number {
    if (
      length === this.lastDirectoryLength &&
      bytes.compare(this.lastDirectory, 0, length, 0, length) === 0
    ) {
      return this.lastDirectoryNode;
    }
    let node = ROOT;
    for (let from = 0; from < length; ) {
      let to = from;
      while (to < length && bytes[to] !== SLASH) to += 1;
      if (!isNothing(bytes, from, to)) node = this.child(node, bytes, from, to);
      from = to + 1;
    }
    if (this.lastDirectory.length < length) this.lastDirectory = Buffer.allocUnsafe(length * 2);
    bytes.copy(this.lastDirectory, 0, 0, length);
    this.lastDirectoryLength = length;
    this.lastDirectoryNode = node;
    return node;
  }

  /** @returns the node of that name in a directory; a new one is a directory until its entry comes. */
  child(parent: number, bytes: Buffer, from: number, to: number): number {
    const found = findChild(this.columns, parent, bytes, from, to);
    if (found >= 0) return found;
    const { columns } = this;
    const node = this.count;
    const nameFrom = columns.nameStart[node]!;
    const nameTo = nameFrom + to - from;
    if (nameTo > columns.names.length) columns.names = doubled(columns.names, nameTo);
    bytes.copy(columns.names, nameFrom, from, to);
    columns.nameStart[node + 1] = nameTo;
    columns.parent[node] = parent;
    columns.type[node] = DIRECTORY;
    columns.mode[node] = 0o755;
    columns.seconds[node] = NaN;
    columns.owner[node] = this.ownerNumber('0/0');
    this.count += 1;
    if (this.count + 1 >= columns.parent.length) {
      growColumns(columns, this.count);
      this.checkSize();
    }
    insertChild(this.columns, node, this.count);
    return node;
  }
}

/** Nothing, or `.`. */
const isNothing = (bytes: Buffer, from: number, to: number): boolean =>
  to === from || (to === from + 1 && bytes[from] === DOT);

function doubled(buffer: Buffer, need: number): Buffer {
  const bigger = Buffer.allocUnsafeSlow(Math.max(need, buffer.length * 2));
  buffer.copy(bigger);
  return bigger;
}

const tooLong = () =>
  new StageError(
    'checksum',
    'IndexTooBig',
    `the archive has a path of more than ${LONGEST_PATH} bytes, too long to list it here`,
    'restore it as a whole, or list it with tar: tar -tzf ARCHIVE',
    'needs-action'
  );

const tooBig = (entries: number) =>
  new StageError(
    'checksum',
    'IndexTooBig',
    `the archive has more than ${entries} entries, too many to list them here`,
    'restore it as a whole, or list it with tar: tar -tzf ARCHIVE',
    'needs-action'
  );
