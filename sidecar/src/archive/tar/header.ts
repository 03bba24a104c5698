/** Bytes that are not a tar, or a part of one that cannot be read. */
export class BadTar extends Error {}

export const BLOCK = 512;

/** @returns whole blocks for so many bytes. */
export const padTo = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK;

/** The fields of one header block (POSIX ustar, GNU and the old form). */
export interface HeaderBlock {
  /** A letter, e.g. `0`: a file. */
  type: string;
  name: Buffer;
  link: Buffer;
  mode: number;
  uid: number;
  gid: number;
  /** Of what follows in the archive. */
  size: number;
  seconds: number;
  major: number;
  minor: number;
}

/** @returns undefined for a block of zeros, with which a tar ends. @throws BadTar */
export function readHeaderBlock(block: Buffer): HeaderBlock | undefined {
  const wanted = checksumOf(block);
  if (wanted === undefined) return undefined;
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? textAt(block, 345, 155) : EMPTY;
  const name = textAt(block, 0, 100);
  return {
    type,
    name: prefix.length > 0 ? Buffer.concat([prefix, SLASH, name]) : name,
    link: textAt(block, 157, 100),
    mode: numberAt(block, 100, 8) & 0o7777,
    uid: numberAt(block, 108, 8),
    gid: numberAt(block, 116, 8),
    size: sizeAt(block, 124, 12),
    seconds: numberAt(block, 136, 12),
    major: isDevice(type) ? numberAt(block, 329, 8) : 0,
    minor: isDevice(type) ? numberAt(block, 337, 8) : 0,
  };
}

const EMPTY = Buffer.alloc(0);
const SLASH = Buffer.from('/');
const isDevice = (type: string): boolean => type === '3' || type === '4';

/** @returns undefined when all bytes are zero. @throws BadTar when the sum is not the one in the block */
function checksumOf(block: Buffer): number | undefined {
  let sum = 0;
  let signed = 0;
  for (let at = 0; at < BLOCK; at++) {
    const byte = block[at]!;
    sum += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  if (sum === 0) return undefined;
  for (let at = 148; at < 156; at++) {
    sum += 32 - block[at]!;
    signed += 32 - (block[at]! > 127 ? block[at]! - 256 : block[at]!);
  }
  const wanted = numberAt(block, 148, 8);
  // Some old programs added the bytes as signed numbers.
  if (wanted !== sum && wanted !== signed)
    throw new BadTar('a header has a wrong checksum: this is not a tar, or it is damaged');
  return wanted;
}

/** Up to the first zero. */
function textAt(block: Buffer, at: number, length: number): Buffer {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

/** @throws BadTar when it is negative */
export function sizeAt(block: Buffer, at: number, length: number): number {
  const size = numberAt(block, at, length);
  if (size < 0) throw new BadTar('a header has a negative size');
  return size;
}

/** Octal digits, or after a first byte of 0x80 or 0xff a binary number, as GNU tar writes big ones. @throws BadTar */
export function numberAt(block: Buffer, at: number, length: number): number {
  const first = block[at]!;
  if (first === 0x80 || first === 0xff) {
    let value = first === 0xff ? -1 : 0;
    for (let i = at + 1; i < at + length; i++) value = value * 256 + block[i]!;
    if (!Number.isSafeInteger(value)) throw new BadTar('a header has a number that is too big');
    return value;
  }
  const text = block.toString('latin1', at, at + length).replace(/^[ \0]+|[ \0][^]*$/g, '');
  if (!/^[0-7]*$/.test(text)) throw new BadTar('a header has an invalid number');
  return text === '' ? 0 : parseInt(text, 8);
}
