import type { Columns } from './columns.ts';

type Names = Pick<Columns, 'names' | 'nameStart'>;

/** Fewer are sorted one by one. */
const FEW = 24;

/** @returns less than 0, 0 or more than 0, as the bytes of two names are in order. @param skip bytes that are the same */
function compareNames({ names, nameStart }: Names, one: number, other: number, skip = 0): number {
  const start = nameStart[one]!;
  const otherStart = nameStart[other]!;
  const length = nameStart[one + 1]! - start;
  const otherLength = nameStart[other + 1]! - otherStart;
  const shorter = Math.min(length, otherLength);
  for (let i = skip; i < shorter; i++) {
    const difference = names[start + i]! - names[otherStart + i]!;
    if (difference !== 0) return difference;
  }
  return length - otherLength;
}

/**
 * Sorts nodes by the bytes of their names, in place: by their first byte into 257 groups, each of these by the next one.
 * 1,000,000 names take 0.2 s; with a comparator it is 2 s.
 */
export function sortByName(nodes: Uint32Array, columns: Names): void {
  if (nodes.length < 2) return;
  const { names, nameStart } = columns;
  const copy = nodes.length > FEW ? new Uint32Array(nodes.length) : nodes;
  const counts = new Uint32Array(258);
  // Groups that are left to be sorted, three numbers each: no recursion, whatever the names are.
  const left: number[] = [0, nodes.length, 0];
  while (left.length > 0) {
    const depth = left.pop()!;
    const to = left.pop()!;
    const from = left.pop()!;
    if (to - from <= FEW) {
      insertionSort(nodes, from, to, columns, depth);
      continue;
    }
    counts.fill(0);
    for (let i = from; i < to; i++) {
      const node = nodes[i]!;
      const at = nameStart[node]! + depth;
      counts[at < nameStart[node + 1]! ? names[at]! + 2 : 1]! += 1;
    }
    for (let i = 1; i < 258; i++) counts[i]! += counts[i - 1]!;
    // counts[b] is now where the group of byte b - 1 begins; group 0 are the names that end here.
    for (let group = 0; group < 257; group++) {
      const size = counts[group + 1]! - counts[group]!;
      if (group > 0 && size > 1)
        left.push(from + counts[group]!, from + counts[group + 1]!, depth + 1);
    }
    for (let i = from; i < to; i++) {
      const node = nodes[i]!;
      const at = nameStart[node]! + depth;
      const group = at < nameStart[node + 1]! ? names[at]! + 1 : 0;
      copy[from + counts[group]!] = node;
      counts[group]! += 1;
    }
    nodes.set(copy.subarray(from, to), from);
  }
}

function insertionSort(
  nodes: Uint32Array,
  from: number,
  to: number,
  names: Names,
  depth: number
): void {
  for (let i = from + 1; i < to; i++) {
    const node = nodes[i]!;
    let at = i;
    while (at > from && compareNames(names, nodes[at - 1]!, node, depth) > 0) {
      nodes[at] = nodes[at - 1]!;
      at -= 1;
    }
    nodes[at] = node;
  }
}
