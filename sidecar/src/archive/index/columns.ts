/**
 * What an index knows, a column for each property and an element for each node; node 0 is the root. Neither an object nor a
 * string for an entry: 1,000,000 of them take about 60 MB and their names.
 */
export interface Columns {
  parent: Uint32Array;
  /** Where a node's name begins in `names`; it ends where the next one begins. */
  nameStart: Uint32Array;
  /** Last parts of paths, one after another. */
  names: Buffer;
  type: Uint8Array;
  mode: Uint16Array;
  size: Float64Array;
  seconds: Float64Array;
  nanos: Uint32Array;
  owner: Uint32Array;
  /** Block of the first header, lower 32 bits. */
  blockLow: Uint32Array;
  /** Upper bits of the block + 1; 0: the archive has no entry for this directory. */
  blockHigh: Uint8Array;
  /** Where the target of a link is in `links`, + 1; 0: not a link. */
  link: Uint32Array;
  /** Targets of links, each after its length in 4 bytes. */
  links: Buffer;
  linksLength: number;
  /** Nodes by parent and name, see `table.ts`. */
  table: Uint32Array;
}

const FIRST = 1_024;

export const newColumns = (): Columns => ({
  parent: new Uint32Array(FIRST),
  nameStart: new Uint32Array(FIRST + 1),
  names: Buffer.allocUnsafeSlow(FIRST * 16),
  type: new Uint8Array(FIRST).fill(1), // the root is a directory
  mode: new Uint16Array(FIRST).fill(0o755),
  size: new Float64Array(FIRST),
  seconds: new Float64Array(FIRST).fill(NaN),
  nanos: new Uint32Array(FIRST),
  owner: new Uint32Array(FIRST),
  blockLow: new Uint32Array(FIRST),
  blockHigh: new Uint8Array(FIRST),
  link: new Uint32Array(FIRST),
  links: Buffer.allocUnsafeSlow(FIRST),
  linksLength: 0,
  table: new Uint32Array(FIRST * 2),
});

const grown = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  column: T,
  length: number
): T => {
  const bigger = new (column.constructor as new (length: number) => T)(length);
  bigger.set(column.subarray(0, Math.min(column.length, length)));
  return bigger;
};

/** @returns columns with room for half as many nodes again. The table grows by itself. */
export function growColumns(columns: Columns, count: number): Columns {
  return withLength(columns, Math.ceil(count * 1.5));
}

/** @returns columns for no more than `count` nodes: what was made for more is given back. */
export function trimColumns(columns: Columns, count: number): Columns {
  const { names, links, linksLength, parent } = columns;
  if (parent.length < count * 1.2) return columns;
  const trimmed = withLength(columns, count);
  trimmed.names = Buffer.from(names.subarray(0, columns.nameStart[count]));
  trimmed.links = Buffer.from(links.subarray(0, linksLength));
  return trimmed;
}

function withLength(columns: Columns, length: number): Columns {
  // One after another, and in place: two whole sets of columns would take twice the memory.
  columns.parent = grown(columns.parent, length);
  columns.nameStart = grown(columns.nameStart, length + 1);
  columns.type = grown(columns.type, length);
  columns.mode = grown(columns.mode, length);
  columns.size = grown(columns.size, length);
  columns.seconds = grown(columns.seconds, length);
  columns.nanos = grown(columns.nanos, length);
  columns.owner = grown(columns.owner, length);
  columns.blockLow = grown(columns.blockLow, length);
  columns.blockHigh = grown(columns.blockHigh, length);
  columns.link = grown(columns.link, length);
  return columns;
}

/** @returns the memory that they take. */
export const bytesOfColumns = (columns: Columns): number =>
  Object.values(columns).reduce<number>(
    (sum, column) => sum + (typeof column === 'number' ? 0 : (column as Uint8Array).byteLength),
    0
  );
