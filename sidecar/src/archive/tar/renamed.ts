import type { EntryHead } from './entryHead.ts';
import { extendedHeader, setChecksum } from './extendedHeader.ts';

/** The differences in the copy of an entry. */
export interface Renaming {
  name: Buffer;
  /** Of a hard link: the path that it is another name of. */
  link?: Buffer;
}

/** @returns the headers of an entry under another name, with everything else as it was. */
export function renamed(head: EntryHead, { name, link }: Renaming): Buffer {
  const isSparse = head.pax.some(({ key }) => key === 'GNU.sparse.name');
  const records = head.pax.filter(
    ({ key }) => key !== 'linkpath' && key !== (isSparse ? 'GNU.sparse.name' : 'path')
  );
  // Records come before the header, so that names of any length and of any bytes fit.
  records.push({ key: isSparse ? 'GNU.sparse.name' : 'path', value: name });
  if (link) records.push({ key: 'linkpath', value: link });
  const main = Buffer.from(head.raw.subarray(head.mainAt));
  if (!isSparse) setName(main, name);
  if (link) setText(main, 157, 100, link);
  setChecksum(main);
  return Buffer.concat([extendedHeader(records), main]);
}

/** The name for programs that do not know extended headers. */
function setName(main: Buffer, name: Buffer): void {
  setText(main, 0, 100, name);
  if (main.toString('latin1', 257, 263) === 'ustar\0') main.fill(0, 345, 500);
}

function setText(block: Buffer, at: number, length: number, text: Buffer): void {
  block.fill(0, at, at + length);
  text.copy(block, at, 0, Math.min(text.length, length));
}
