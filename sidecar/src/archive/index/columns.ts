/**
 * The content of an index: a column for each property and an element for each node; node 0 is the root. Neither an object nor a
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

/** Bytes of one node in all columns that have an element for each node. */
const NODE_BYTES = 44;

/**
 * @param expected how many nodes there may be. Memory that was made and is not written yet takes no space; columns that
 *   had grown stayed beside the new ones until V8 collected them.
 */
export function newColumns(expected = 0): Columns {
  const length = Math.max(FIRST, expected);
  const columns: Columns = {
    parent: new Uint32Array(length),
    nameStart: new Uint32Array(length + 1),
    names: Buffer.allocUnsafeSlow(length * 16),
    type: new Uint8Array(length),
    mode: new Uint16Array(length),
    size: new Float64Array(length),
    seconds: new Float64Array(length),
    nanos: new Uint32Array(length),
    owner: new Uint32Array(length),
    blockLow: new Uint32Array(length),
    blockHigh: new Uint8Array(length),
    link: new Uint32Array(length),
    links: Buffer.allocUnsafeSlow(FIRST),
    linksLength: 0,
    table: new Uint32Array(2 ** Math.ceil(Math.log2(length * 1.5))),
  };
  // the root is a directory
  columns.type[0] = 1;
  columns.mode[0] = 0o755;
  columns.seconds[0] = NaN;
  return columns;
}

const grown = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  column: T,
  length: number
): T => {
  const bigger = new (column.constructor as new (length: number) => T)(length);
  bigger.set(column.subarray(0, Math.min(column.length, length)));
  return bigger;
};

/** Makes room for half as many nodes again. The table grows by itself. */
export function growColumns(columns: Columns, count: number): void {
  const length = Math.ceil(count * 1.5);
  // One after another: two whole sets of columns would take twice the memory.
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
}

/** @returns the memory that `count` nodes take in their columns. */
export const bytesOfColumns = ({ nameStart, linksLength, table }: Columns, count: number): number =>
  count * NODE_BYTES + table.byteLength + nameStart[count]! + linksLength;
