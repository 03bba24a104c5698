import type { Columns } from './columns.ts';
import { fillTable } from './table.ts';

/**
 * Takes nodes out of an index, in place. Nothing may be below them, and they may not be links.
 * @param count of nodes
 * @returns how many are left; they keep their order
 */
export function dropNodes(
  columns: Columns,
  count: number,
  isDropped: (node: number) => boolean
): number {
  const { names, nameStart, parent } = columns;
  const values = valuesOf(columns);
  /** New numbers of the nodes. */
  const numbers = new Uint32Array(count);
  let to = 1;
  let nameEnd = nameStart[1]!;
  for (let node = 1; node < count; node++) {
    if (isDropped(node)) continue;
    numbers[node] = to;
    const from = nameStart[node]!;
    const length = nameStart[node + 1]! - from;
    names.copyWithin(nameEnd, from, from + length);
    nameStart[to] = nameEnd;
    nameEnd += length;
    // A directory has a lower number than everything that is in it.
    parent[to] = numbers[parent[node]!]!;
    for (const column of values) column[to] = column[node]!;
    to += 1;
  }
  nameStart[to] = nameEnd;
  columns.table.fill(0);
  fillTable(columns, to);
  return to;
}

const valuesOf = (columns: Columns) => {
  const { type, mode, size, seconds, nanos, owner, blockLow, blockHigh, link } = columns;
  return [type, mode, size, seconds, nanos, owner, blockLow, blockHigh, link];
};
