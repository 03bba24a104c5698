import type { ArchiveFile } from '../../../api/index.ts';
import { partsOfPath, splitPath, textOfPath } from '../entryPath.ts';
import type { Columns } from './columns.ts';
import { bytesOfColumns } from './columns.ts';
import { DIRECTORY, ENTRY_TYPES, FILE, HARDLINK, modeText } from './entry.ts';
import { sortByName } from './sortNames.ts';
import { findChild, ROOT } from './table.ts';

/** A chain of hard links is one link long; a hostile archive may lead in circles. */
const MAX_LINKS = 10;

const BIG_DIRECTORY = 50_000;

/**
 * The entries of one archive as a tree. An entry is a number (`node`): the root is 0, and -1 stands for no entry. Most nodes are in
 * archive order; see `blockOf`.
 */
export class ArchiveIndex {
  readonly columns: Columns;
  /** How many nodes there are: one for each path, and for each directory above it. */
  readonly nodes: number;
  /** Entries of the archive, as tar counts them. */
  readonly entries: number;
  readonly owners: readonly string[];
  /** Where the children of a node begin in `children`. */
  private readonly childStart: Uint32Array;
  /** Nodes by their directory: in archive order, and by name after somebody has asked for them. */
  private readonly children: Uint32Array;
  private readonly isSorted: Uint8Array;

  constructor(columns: Columns, nodes: number, entries: number, owners: readonly string[]) {
    this.columns = columns;
    this.nodes = nodes;
    this.entries = entries;
    this.owners = owners;
    const { parent } = this.columns;
    const start = new Uint32Array(nodes + 1);
    for (let node = 1; node < nodes; node++) start[parent[node]! + 1]! += 1;
    for (let node = 0; node < nodes; node++) start[node + 1]! += start[node]!;
    const children = new Uint32Array(nodes - 1);
    // Backwards, so that the places after each directory's last child end where they began.
    for (let node = nodes - 1; node > 0; node--) {
      const after = parent[node]! + 1;
      start[after]! -= 1;
      children[start[after]!] = node;
    }
    // Now start[d + 1] is where the children of d begin.
    this.childStart = start.subarray(1);
    this.children = children;
    this.isSorted = new Uint8Array(Math.ceil(nodes / 8));
    this.sortBigDirectories();
  }

  /** Listing one of them does not wait for this; small ones are sorted quickly when they are listed. */
  private sortBigDirectories(): void {
    for (let node = 0; node < this.nodes; node++) {
      const after = node + 1 < this.nodes ? this.childStart[node + 1]! : this.children.length;
      if (after - this.childStart[node]! >= BIG_DIRECTORY) this.childrenOf(node);
    }
  }

  /** Bytes of memory. */
  get bytes(): number {
    const { childStart, children, isSorted } = this;
    return (
      bytesOfColumns(this.columns, this.nodes) +
      childStart.byteLength +
      children.byteLength +
      isSorted.byteLength
    );
  }

  /** @param path see `ArchivePath`; empty: the root. @returns undefined when nothing is there. */
  find(path: string): ArchiveFile | undefined {
    const node = this.nodeOf(path);
    return node < 0 ? undefined : this.entryOf(node);
  }

  /** @returns -1 when nothing is there. */
  nodeOf(path: string): number {
    const parts = partsOfPath(path);
    return parts ? this.nodeOfParts(parts) : -1;
  }

  nodeOfParts(parts: readonly Uint8Array[]): number {
    let node = ROOT;
    for (const part of parts) {
      node = findChild(this.columns, node, part);
      if (node < 0) return -1;
    }
    return node;
  }

  /** @returns the nodes in a directory, by name. It is a view: nobody may change it. */
  childrenOf(node: number): Uint32Array {
    const children = this.childrenInAnyOrder(node);
    const mask = 1 << (node & 7);
    if ((this.isSorted[node >> 3]! & mask) === 0) {
      sortByName(children, this.columns);
      this.isSorted[node >> 3]! |= mask;
    }
    return children;
  }

  childrenInAnyOrder(node: number): Uint32Array {
    const from = this.childStart[node]!;
    const to = node + 1 < this.nodes ? this.childStart[node + 1]! : this.children.length;
    return this.children.subarray(from, to);
  }

  /**
   * @returns the node that a hard link is another name of, through all links; -1 when the archive does not have it. tar links to
   *   what has the name so far: an entry that comes later has replaced that, and has other contents.
   */
  targetOf(node: number): number {
    let target = node;
    for (let links = 0; target >= 0 && this.columns.type[target] === HARDLINK; links++) {
      if (links === MAX_LINKS) return -1;
      const next = this.nodeOfParts(splitPath(this.linkBytes(target)));
      if (next >= 0 && this.blockOf(next) > this.blockOf(target)) return -1;
      target = next;
    }
    return target;
  }

  /** @returns the size of a file's contents, also by the name of a hard link; 0 for everything else. */
  sizeOf(node: number): number {
    const { type, size } = this.columns;
    if (type[node] === FILE) return size[node]!;
    if (type[node] !== HARDLINK) return 0;
    const target = this.targetOf(node);
    return target >= 0 && type[target] === FILE ? size[target]! : 0;
  }

  /** @returns where its first header begins in the tar, in blocks of 512 bytes; -1: it is only implied. */
  blockOf(node: number): number {
    const high = this.columns.blockHigh[node]!;
    return high === 0 ? -1 : (high - 1) * 2 ** 32 + this.columns.blockLow[node]!;
  }

  isDirectory(node: number): boolean {
    return this.columns.type[node] === DIRECTORY;
  }

  nameBytes(node: number): Buffer {
    const { names, nameStart } = this.columns;
    return names.subarray(nameStart[node], nameStart[node + 1]);
  }

  /** @returns where a link leads, as it is in the archive; empty for everything else. */
  linkBytes(node: number): Buffer {
    const { link, links } = this.columns;
    const at = link[node]!;
    return at === 0
      ? links.subarray(0, 0)
      : links.subarray(at + 3, at + 3 + links.readUInt32LE(at - 1));
  }

  /** @returns the bytes of its path, without `./` in front; none for the root. */
  pathBytes(node: number): Buffer {
    const parts: Uint8Array[] = [];
    for (let each = node; each !== ROOT; each = this.columns.parent[each]!) {
      if (parts.length > 0) parts.push(SLASH);
      parts.push(this.nameBytes(each));
    }
    return Buffer.concat(parts.reverse());
  }

  pathOf(node: number): string {
    return textOfPath(this.pathBytes(node));
  }

  entryOf(node: number): ArchiveFile {
    const { type: types, mode } = this.columns;
    const type = types[node]!;
    const link = this.linkBytes(node);
    const isLink = this.columns.link[node] !== 0;
    return {
      path: this.pathOf(node),
      name: textOfPath(this.nameBytes(node)),
      type: ENTRY_TYPES[type] ?? 'other',
      bytes: this.sizeOf(node),
      mode: modeText(type, mode[node]!),
      owner: this.owners[this.columns.owner[node]!] ?? '',
      modifiedAt: this.timeText(node),
      target: isLink ? targetText(type, link) : null,
      entries: type === DIRECTORY ? this.childrenInAnyOrder(node).length : null,
    };
  }

  ownerOf(node: number): string {
    return this.owners[this.columns.owner[node]!] ?? '';
  }

  private timeText(node: number): string | null {
    const { seconds, nanos } = this.columns;
    const date = new Date(seconds[node]! * 1000 + Math.floor(nanos[node]! / 1_000_000));
    const year = date.getUTCFullYear();
    return year >= 0 && year <= 9_999 ? date.toISOString() : null;
  }
}

const SLASH = Buffer.from('/');

/** A hard link leads to a path of the archive, a symbolic link to whatever it says. */
const targetText = (type: number, link: Buffer): string =>
  type === HARDLINK ? textOfPath(Buffer.from(joined(splitPath(link)))) : textOfPath(link);

const joined = (parts: Buffer[]): Buffer =>
  Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [SLASH, part])));
