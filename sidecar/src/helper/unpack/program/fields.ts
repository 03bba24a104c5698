import { Refusal } from './refusal.ts';

export const BLOCK = 512;

/** Text of a header field, up to its first NUL, as bytes (`latin1`). */
export function textField(block: Buffer, from: number, size: number): string {
  const text = block.toString('latin1', from, from + size);
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

/** A number of a header: octal digits, or base 256 when the first bit is set (GNU, star). */
export function numberField(block: Buffer, from: number, size: number): number {
  const first = block[from] ?? 0;
  if (first & 0x80) {
    const isNegative = first === 0xff;
    let value = isNegative ? -1 : first & 0x3f;
    if (!isNegative && first & 0x40) throw damaged('a number is out of range');
    for (let at = from + 1; at < from + size; at++) value = value * 256 + (block[at] ?? 0);
    return safe(value);
  }
  const number = octalAt(block, from, size);
  if (number !== undefined) return number;
  const text = textField(block, from, size).trim();
  if (text === '') return 0;
  if (!/^[0-7]+$/.test(text)) throw damaged('a number is not octal');
  return safe(Number.parseInt(text, 8));
}

/** @returns digits that end with NUL or with the field, as GNU tar writes nearly all of them; undefined for any other form. */
function octalAt(block: Buffer, from: number, size: number): number | undefined {
  let value = 0;
  for (let at = from; at < from + size; at++) {
    const byte = block[at] as number;
    if (byte === 0) break;
    if (byte < 48 || byte > 55) return undefined;
    value = value * 8 + byte - 48;
  }
  return value;
}

/** @throws Refusal when the header's checksum is wrong, which is how damage and lies about sizes are found. */
export function checkChecksum(block: Buffer): void {
  const unsigned = checksumOf(block, 0);
  const stored = numberField(block, 148, 8);
  // Old tars add signed bytes.
  if (stored !== unsigned && stored !== unsigned - 256 * highBytes(block)) {
    throw damaged('a header has the wrong checksum');
  }
}

/** @returns the sum of the header's bytes, with spaces in the place of the checksum. */
export function checksumOf(block: Buffer, from: number): number {
  let sum = 8 * 32;
  for (let at = from; at < from + 148; at++) sum += block[at] as number;
  for (let at = from + 156; at < from + BLOCK; at++) sum += block[at] as number;
  return sum;
}

function highBytes(block: Buffer): number {
  let count = 0;
  for (let at = 0; at < BLOCK; at++) {
    if ((at < 148 || at >= 156) && (block[at] as number) & 0x80) count++;
  }
  return count;
}

export const damaged = (what: string): Refusal =>
  new Refusal('ArchiveDamaged', `the archive is not a tar from here on: ${what}`);

/** @throws Refusal when a number is too big to be counted with. */
export function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw damaged('a number is out of range');
  return value;
}
