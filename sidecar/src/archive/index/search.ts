import { isAscii } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { textOfPath } from '../entryPath.ts';
import type { ArchiveIndex } from './archiveIndex.ts';
import { ROOT } from './table.ts';

export interface Search {
  /** A directory; only what is below it is found. */
  node: number;
  /** Part of a name, in any case; empty: all. */
  text: string;
  isWanted(node: number): boolean;
}

/** Nodes that are looked at before others may use the process: some milliseconds. */
const PIECE = 16_384;

/** @returns the nodes whose names have a text, in no useful order. */
export async function search(index: ArchiveIndex, query: Search): Promise<Uint32Array> {
  const found = new Found();
  const wanted = query.text.toLowerCase();
  const isBelow = below(index, query.node);
  const add = (node: number) => {
    if (node !== ROOT && isBelow(node) && query.isWanted(node)) found.add(node);
  };
  for (let from = 0; from < index.nodes; from += PIECE) {
    const to = Math.min(from + PIECE, index.nodes);
    searchPiece(index, from, to, wanted, add);
    if (to < index.nodes) await setImmediate();
  }
  return found.nodes();
}

/** Looks at the nodes `from` to `to - 1`. Names of ASCII lie one after another and are searched all at once. */
function searchPiece(
  index: ArchiveIndex,
  from: number,
  to: number,
  wanted: string,
  add: (node: number) => void
): void {
  const { names, nameStart } = index.columns;
  const start = nameStart[from]!;
  const bytes = names.subarray(start, nameStart[to]);
  if (wanted === '') {
    for (let node = from; node < to; node++) add(node);
    return;
  }
  // A backslash is doubled in what people see of a name.
  if (!isAscii(bytes) || wanted.includes('\\')) {
    for (let node = from; node < to; node++)
      if (textOfPath(index.nameBytes(node)).toLowerCase().includes(wanted)) add(node);
    return;
  }
  const text = bytes.toString('latin1').toLowerCase();
  let node = from;
  for (let at = text.indexOf(wanted); at >= 0; ) {
    const place = start + at;
    node = nodeAt(nameStart, place, node, to);
    const end = nameStart[node + 1]!;
    const isInside = place + wanted.length <= end;
    if (isInside) add(node);
    // One hit for a name is enough; a hit across two names does not count.
    at = text.indexOf(wanted, isInside ? end - start : at + 1);
  }
}

/** @returns the node in whose name the byte `place` is. */
function nodeAt(nameStart: Uint32Array, place: number, from: number, to: number): number {
  let low = from;
  let high = to - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (nameStart[middle]! <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * @returns whether a node is below a directory, to be asked in the order of nodes. A directory comes before what is in it, so
 *   that each node is looked at once, however deep the tree is.
 */
function below({ nodes, columns: { parent } }: ArchiveIndex, top: number) {
  if (top === ROOT) return () => true;
  const isBelow = new Uint8Array(nodes);
  let next = top + 1;
  return (node: number): boolean => {
    for (; next <= node; next++) {
      const up = parent[next]!;
      if (up === top || isBelow[up] === 1) isBelow[next] = 1;
    }
    return isBelow[node] === 1;
  };
}

/** Numbers, without an array that has to know how many there will be. */
class Found {
  private numbers = new Uint32Array(256);
  private count = 0;

  add(number: number): void {
    if (this.count === this.numbers.length) {
      const bigger = new Uint32Array(this.count * 2);
      bigger.set(this.numbers);
      this.numbers = bigger;
    }
    this.numbers[this.count++] = number;
  }

  nodes(): Uint32Array {
    return this.numbers.slice(0, this.count);
  }
}
