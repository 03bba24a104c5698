import { StageError } from '../../errors.ts';
import type { ArchiveIndex } from './archiveIndex.ts';
import { DIRECTORY, HARDLINK } from './entry.ts';
import { ROOT } from './table.ts';

/** Entries of an archive that belong together. */
export interface Selection {
  purpose: 'restore' | 'download';
  /** In archive order. */
  nodes: Uint32Array;
  entries: number;
  /** Of contents, holes included. */
  bytes: number;
  /** Of the tar that they make, at most. */
  rawBytes: number;
  /** Directories above what was asked for: they bring owner and mode. */
  parents: number;
  /**
   * Hard links whose target was not asked for. `restore`: the target is selected, too, because a link without it cannot be
   * made. `download`: nothing is selected, and the first link to it gets the contents.
   */
  addedTargets: { count: number; paths: string[] };
  /** `download`: the node of a hard link, and the node whose contents come under its name. */
  contentsOf: ReadonlyMap<number, number>;
  /** `download`: the node of a hard link, and the node of the link that it is another name of now. */
  relinked: ReadonlyMap<number, number>;
}

export interface SelectOptions {
  /** Default: `restore`, which also takes the directories above. */
  for?: Selection['purpose'];
}

/** How many names are given. */
const NAMED = 20;

/** An entry has at least a header and is padded to whole blocks; extended headers are rarely more than a few. */
const HEADERS_BYTES = 4 * 512;

/**
 * @param paths see `ArchivePath`; a directory stands for everything below it
 * @throws StageError (stage `checksum`): `PathNotInArchive`; `UnsafePath` for a path with `..`; `HardLinkBroken` for a
 *   link to a file that the archive does not have, or that comes again after the link
 */
export function select(
  index: ArchiveIndex,
  paths: readonly string[],
  { for: purpose = 'restore' }: SelectOptions = {}
): Selection {
  const picked = new NodeSet(index.nodes);
  const tops = paths.map(path => nodeAt(index, path));
  for (const top of tops) addAllBelow(index, top, picked);
  const links = linksThatLeadOut(index, picked);
  const contentsOf = new Map<number, number>();
  const relinked = new Map<number, number>();
  const firstLink = new Map<number, number>();
  const targets = new Set<number>();
  for (const link of links) {
    const target = index.targetOf(link);
    if (target < 0) throw linkBroken(index, link);
    targets.add(target);
    if (purpose === 'restore') {
      picked.add(target);
      continue;
    }
    const first = firstLink.get(target);
    if (first !== undefined) relinked.set(link, first);
    else {
      firstLink.set(target, link);
      contentsOf.set(link, target);
    }
  }
  const before = picked.size;
  if (purpose === 'restore')
    for (const node of [...tops, ...targets]) addParents(index, node, picked);
  const nodes = inArchiveOrder(index, picked.toArray());
  let bytes = 0;
  let rawBytes = 1_024;
  for (const node of nodes) {
    const isLink = index.columns.type[node] === HARDLINK && !contentsOf.has(node);
    const size = isLink ? 0 : index.sizeOf(node);
    bytes += size;
    rawBytes += HEADERS_BYTES + Math.ceil(size / 512) * 512;
  }
  return {
    purpose,
    nodes,
    entries: nodes.length,
    bytes,
    rawBytes,
    parents: picked.size - before,
    addedTargets: {
      count: targets.size,
      paths: [...targets].slice(0, NAMED).map(node => index.pathOf(node)),
    },
    contentsOf,
    relinked,
  };
}

/** @returns the node at a path. @throws StageError */
export function nodeAt(index: ArchiveIndex, path: string): number {
  const node = index.nodeOf(path);
  if (node < 0) {
    throw new StageError(
      'checksum',
      'PathNotInArchive',
      `the archive has nothing at ${path}`,
      'choose a path from the list of its files',
      'needs-action'
    );
  }
  return node;
}

function addAllBelow(index: ArchiveIndex, top: number, picked: NodeSet): void {
  for (let each = top; each !== ROOT; each = index.columns.parent[each]!) refuseUnsafe(index, each);
  const left = [top];
  while (left.length > 0) {
    const node = left.pop()!;
    picked.add(node);
    for (const child of index.childrenInAnyOrder(node)) {
      refuseUnsafe(index, child);
      if (index.childrenInAnyOrder(child).length > 0) left.push(child);
      else picked.add(child);
    }
  }
}

function refuseUnsafe(index: ArchiveIndex, node: number): void {
  const { names, nameStart } = index.columns;
  const at = nameStart[node]!;
  if (nameStart[node + 1]! - at !== 2 || names[at] !== 0x2e || names[at + 1] !== 0x2e) return;
  throw new StageError(
    'checksum',
    'UnsafePath',
    `the archive has an entry that points outside of its directory: ${index.pathOf(node)}`,
    'choose paths without `..`; archives that NKVM writes do not have such paths',
    'needs-action'
  );
}

function addParents(index: ArchiveIndex, node: number, picked: NodeSet): void {
  for (let each = node; each !== ROOT; ) {
    each = index.columns.parent[each]!;
    if (each !== ROOT && index.columns.type[each] === DIRECTORY) picked.add(each);
  }
}

function linksThatLeadOut(index: ArchiveIndex, picked: NodeSet): number[] {
  const links: number[] = [];
  for (const node of picked.toArray()) {
    if (index.columns.type[node] !== HARDLINK) continue;
    const target = index.targetOf(node);
    if (target < 0 || !picked.has(target)) links.push(node);
  }
  return links;
}

function inArchiveOrder(index: ArchiveIndex, nodes: Uint32Array): Uint32Array {
  const listed = nodes.filter(node => index.blockOf(node) >= 0);
  const isInOrder = listed.every(
    (node, at) => at === 0 || index.blockOf(listed[at - 1]!) < index.blockOf(node)
  );
  return isInOrder ? listed : listed.sort((a, b) => index.blockOf(a) - index.blockOf(b));
}

/** A set of nodes in one bit for each. */
class NodeSet {
  private readonly bits: Uint8Array;
  size = 0;

  constructor(nodes: number) {
    this.bits = new Uint8Array(Math.ceil(nodes / 8));
  }

  has(node: number): boolean {
    return (this.bits[node >> 3]! & (1 << (node & 7))) !== 0;
  }

  add(node: number): void {
    if (this.has(node)) return;
    this.bits[node >> 3]! |= 1 << (node & 7);
    this.size += 1;
  }

  toArray(): Uint32Array {
    const nodes = new Uint32Array(this.size);
    let count = 0;
    for (let node = 0; count < this.size; node++) if (this.has(node)) nodes[count++] = node;
    return nodes;
  }
}

const linkBroken = (index: ArchiveIndex, link: number) =>
  new StageError(
    'checksum',
    'HardLinkBroken',
    `${index.pathOf(
      link
    )} is a hard link to a file that the archive does not have, or has again with other contents`,
    'choose other files, the whole archive, or another backup',
    'needs-action'
  );
