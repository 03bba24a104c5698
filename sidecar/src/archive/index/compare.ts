import { setImmediate } from 'node:timers/promises';
import type { ArchiveIndex } from './archiveIndex.ts';
import { DIRECTORY, HARDLINK, SYMLINK } from './entry.ts';

export const ADDED = 0;
export const REMOVED = 1;
export const CHANGED = 2;

/** Changes of the entries of an archive until a later one. */
export interface IndexComparison {
  added: number;
  removed: number;
  changed: number;
  same: number;
  /** In the order of paths: `ADDED`, `REMOVED`, `CHANGED`. */
  kinds: Uint8Array;
  /** Nodes in the later index; of one that was removed, nothing. */
  nodes: Uint32Array;
  /** Nodes in the earlier index; of one that was added, nothing. */
  before: Uint32Array;
}

/** Entries that are compared before others may use the process: some milliseconds. */
const PIECE = 8_192;
const NONE = -1;

/** Children of two directories of the same path, by name. */
interface Frame {
  later: Uint32Array;
  earlier: Uint32Array;
  atLater: number;
  atEarlier: number;
}

const NO_CHILDREN = new Uint32Array();

/**
 * Compares everything below a directory of two archives. Two entries are the same by type, size, time, mode, owner and target
 * of a symbolic link; of a directory, the time does not count, because it changes with what is in it.
 * @param top the directory in each; -1: it is not there
 */
export async function compareIndexes(
  later: ArchiveIndex,
  earlier: ArchiveIndex,
  top: { later: number; earlier: number }
): Promise<IndexComparison> {
  const result = new Changes();
  const children = (index: ArchiveIndex, node: number) =>
    node < 0 ? NO_CHILDREN : index.childrenOf(node);
  const frames: Frame[] = [];
  const enter = (one: number, other: number) => {
    const frame = { later: children(later, one), earlier: children(earlier, other) };
    if (frame.later.length + frame.earlier.length > 0)
      frames.push({ ...frame, atLater: 0, atEarlier: 0 });
  };
  enter(top.later, top.earlier);
  for (let done = 1; frames.length > 0; done++) {
    if (done % PIECE === 0) await setImmediate();
    const frame = frames.at(-1)!;
    const one = frame.later[frame.atLater] ?? NONE;
    const other = frame.earlier[frame.atEarlier] ?? NONE;
    if (one < 0 && other < 0) {
      frames.pop();
      continue;
    }
    const order =
      one < 0 ? 1 : other < 0 ? -1 : later.nameBytes(one).compare(earlier.nameBytes(other));
    if (order <= 0) frame.atLater += 1;
    if (order >= 0) frame.atEarlier += 1;
    if (order < 0) result.add(ADDED, one, 0);
    else if (order > 0) result.add(REMOVED, 0, other);
    else if (isSameEntry(later, one, earlier, other)) result.same += 1;
    else result.add(CHANGED, one, other);
    enter(order <= 0 ? one : NONE, order >= 0 ? other : NONE);
  }
  return result.finish();
}

/** @returns whether an entry is what it was in another archive, as far as indexes say. */
export function isSameEntry(
  one: ArchiveIndex,
  node: number,
  other: ArchiveIndex,
  otherNode: number
): boolean {
  const type = typeOf(one, node);
  if (type !== typeOf(other, otherNode)) return false;
  const [a, b] = [one.columns, other.columns];
  // A directory that is only implied has neither.
  const isListed = one.blockOf(node) >= 0 && other.blockOf(otherNode) >= 0;
  if (isListed && a.mode[node] !== b.mode[otherNode]) return false;
  if (isListed && one.ownerOf(node) !== other.ownerOf(otherNode)) return false;
  if (type === DIRECTORY) return true;
  if (one.sizeOf(node) !== other.sizeOf(otherNode)) return false;
  if (!Object.is(a.seconds[node], b.seconds[otherNode])) return false;
  if (a.nanos[node] !== b.nanos[otherNode]) return false;
  return type !== SYMLINK || one.linkBytes(node).equals(other.linkBytes(otherNode));
}

/** Which of its names a file is packed under is up to tar: a hard link is what it leads to. */
function typeOf(index: ArchiveIndex, node: number): number {
  const type = index.columns.type[node]!;
  if (type !== HARDLINK) return type;
  const target = index.targetOf(node);
  return target < 0 ? HARDLINK : index.columns.type[target]!;
}

class Changes {
  same = 0;
  private readonly counts = [0, 0, 0];
  private kinds = new Uint8Array(64);
  private nodes = new Uint32Array(64);
  private before = new Uint32Array(64);
  private length = 0;

  add(kind: number, node: number, before: number): void {
    this.counts[kind]! += 1;
    if (this.length === this.kinds.length) this.grow();
    this.kinds[this.length] = kind;
    this.nodes[this.length] = node;
    this.before[this.length] = before;
    this.length += 1;
  }

  finish(): IndexComparison {
    const [added = 0, removed = 0, changed = 0] = this.counts;
    return {
      ...{ added, removed, changed, same: this.same },
      kinds: this.kinds.slice(0, this.length),
      nodes: this.nodes.slice(0, this.length),
      before: this.before.slice(0, this.length),
    };
  }

  private grow(): void {
    const [kinds, nodes, before] = [this.kinds, this.nodes, this.before];
    this.kinds = new Uint8Array(this.length * 2);
    this.kinds.set(kinds);
    this.nodes = new Uint32Array(this.length * 2);
    this.nodes.set(nodes);
    this.before = new Uint32Array(this.length * 2);
    this.before.set(before);
  }
}
