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
  const text = textField(block, from, size).trim();
  if (text === '') return 0;
  if (!/^[0-7]+$/.test(text)) throw damaged('a number is not octal');
  return safe(Number.parseInt(text, 8));
}

/** @throws Refusal when the header's checksum is wrong, which is how damage and lies about sizes are found. */
export function checkChecksum(block: Buffer): void {
  let unsigned = 8 * 32;
  let high = 0;
  for (let at = 0; at < BLOCK; at++) {
    if (at === 148) at = 156;
    const byte = block[at] as number;
    unsigned += byte;
    if (byte & 0x80) high++;
  }
  const stored = numberField(block, 148, 8);
  // Old tars add signed bytes.
  if (stored !== unsigned && stored !== unsigned - high * 256) {
    throw damaged('a header has the wrong checksum');
  }
}

export const damaged = (what: string): Refusal =>
  new Refusal('ArchiveDamaged', `the archive is not a tar from here on: ${what}`);

/** @throws Refusal when a number is too big to be counted with. */
export function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw damaged('a number is out of range');
  return value;
}
