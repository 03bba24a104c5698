import { BLOCK, padTo } from './header.ts';
import type { PaxRecord } from './pax.ts';
import { paxRecord } from './pax.ts';

/** @returns an extended header with these records, for the entry that follows; nothing where there are none. */
export function extendedHeader(records: readonly PaxRecord[]): Buffer {
  if (records.length === 0) return Buffer.alloc(0);
  const body = Buffer.concat(records.map(paxRecord));
  const header = Buffer.alloc(BLOCK);
  header.write('./PaxHeaders/entry', 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('x', 156);
  header.write('ustar\u000000', 257);
  setChecksum(header);
  return Buffer.concat([header, body, Buffer.alloc(padTo(body.length) - body.length)]);
}

/** Writes the checksum of a header block into it. */
export function setChecksum(block: Buffer): void {
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += block[at]!;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}
