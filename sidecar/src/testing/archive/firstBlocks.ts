const BLOCK = 512;

/** Header blocks that belong to the entry after them: pax headers, and GNU's long names. */
const BEFORE_ENTRY = 'xgLK';

/** @returns for each entry of a tar, in its order, the number of its first block, pax header included. */
export function firstBlocks(tar: Buffer): number[] {
  const found: number[] = [];
  let first: number | undefined;
  for (let at = 0; at < tar.length && tar[at] !== 0; ) {
    first ??= at;
    if (!BEFORE_ENTRY.includes(tar.toString('latin1', at + 156, at + 157))) {
      found.push(first / BLOCK);
      first = undefined;
    }
    const bytes = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    at += BLOCK + Math.ceil(bytes / BLOCK) * BLOCK;
  }
  return found;
}
