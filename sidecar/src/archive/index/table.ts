import { randomBytes } from 'node:crypto';
import type { Columns } from './columns.ts';

/** The node of the root of an archive. */
export const ROOT = 0;

/** A hash table with open addressing: an element is a node, 0 is free (the root is in no directory). At most 2/3 full. */
type Table = Pick<Columns, 'table' | 'parent' | 'names' | 'nameStart'>;

/**
 * The users of a volume choose the names in it. Without a secret they could choose thousands with the same hash, and each
 * look-up would go through all of them.
 */
const SECRET = randomBytes(4).readUInt32LE();

/** FNV-1a over the number of the directory and the name. */
function hashOf(parent: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = Math.imul(parent ^ SECRET, 0x01000193) ^ (parent >>> 15);
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

/** @returns the node of that name in a directory; -1: there is none. */
export function findChild(
  { table, parent: parents, names, nameStart }: Table,
  parent: number,
  bytes: Uint8Array,
  from = 0,
  to = bytes.length
): number {
  const mask = table.length - 1;
  const length = to - from;
  for (let slot = hashOf(parent, bytes, from, to) & mask; ; slot = (slot + 1) & mask) {
    const node = table[slot]!;
    if (node === 0) return -1;
    if (parents[node] !== parent) continue;
    const start = nameStart[node]!;
    if (nameStart[node + 1]! - start !== length) continue;
    let i = 0;
    while (i < length && names[start + i] === bytes[from + i]) i += 1;
    if (i === length) return node;
  }
}

/** Takes a new node in, whose name and parent are in the columns. @param count of nodes, with the new one */
export function insertChild(columns: Columns, node: number, count: number): void {
  if (count * 3 <= columns.table.length * 2) return put(columns, node);
  columns.table = new Uint32Array(columns.table.length * 2);
  fillTable(columns, count);
}

/** Takes all nodes into a table that has none. */
export function fillTable(columns: Table, count: number): void {
  for (let each = 1; each < count; each++) put(columns, each);
}

function put({ table, parent, names, nameStart }: Table, node: number): void {
  const mask = table.length - 1;
  let slot = hashOf(parent[node]!, names, nameStart[node]!, nameStart[node + 1]!) & mask;
  while (table[slot] !== 0) slot = (slot + 1) & mask;
  table[slot] = node;
}
