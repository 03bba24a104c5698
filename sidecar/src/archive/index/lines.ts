import type { EntryFields, Scratch } from './entry.ts';
import { BLOCK_DEVICE, CHARACTER, HARDLINK, SYMLINK } from './entry.ts';

/**
 * The lines of an index, as GNU tar writes them while it packs, in archive order:
 *
 *     TZ=UTC LC_ALL=C tar -c -vv -R --full-time --quoting-style=c --index-file=FILE …
 *
 *     block 257: -rw-r--r--* 0/0               1 2026-11-20 10:11:12.123456789 "./with-xattr"
 *     block 204: lrwxrwxrwx  0/0               0 2026-11-20 10:11:12.123456789 "./dir/link -> x" -> "target"
 *     block 254: hrw-r--r--  0/0               0 2026-11-20 10:11:12.123456789 "./second" link to "./first"
 *     block 320: crw-r--r--  0/0             1,3 2026-11-20 10:11:12.123456789 "./char"
 *
 * The number is that of the block of 512 bytes in which the entry's first header begins, an extended header included. `*` or
 * `+` after the mode: extended attributes, ACLs. The size is that of the contents with their holes. A fraction of a second
 * is as long as it has to be. Names are quoted as in C, with every byte that is not printable ASCII as `\ooo`.
 */
export const LINES_FORMAT = 'tar-R-vv';

/** A path is shorter, however it is quoted; the header of an archive of 50 TB is about as long. */
export const LONGEST_LINE = 8 * 1024 * 1024;

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NEWLINE = 0x0a;

const TYPE_OF: Record<string, number> = { '-': 0, d: 1, l: 2, h: 3, p: 4, c: 5, b: 6, C: 0 };
const OTHER = 7;

/** A line that is not what tar writes. */
export class BadLine extends Error {}

/** Reads lines into one and the same `EntryFields`. */
export class LineReader {
  private bytes: Uint8Array = new Uint8Array();
  private at = 0;
  private end = 0;
  private readonly into: EntryFields;
  /** Bytes of the owner that `into.owner` is the text of: most entries have the same. */
  private ownerBytes: Buffer = Buffer.alloc(0);

  constructor(into: EntryFields) {
    this.into = into;
  }

  /**
   * @param from of the first byte of the line
   * @param to after its last byte, without the line break
   * @throws BadLine
   */
  read(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    const { into } = this;
    for (const byte of BLOCK_WORD) this.expect(byte);
    into.block = this.number();
    this.expect(0x3a);
    this.expect(SPACE);
    this.readMode();
    this.skipSpaces();
    this.readOwner();
    this.skipSpaces();
    this.readSize();
    this.expect(SPACE);
    this.readTime();
    this.skipSpaces();
    this.readQuoted(into.name);
    into.link.length = 0;
    if (into.type === SYMLINK) this.readLink(SYMLINK_WORD);
    else if (into.type === HARDLINK) this.readLink(HARDLINK_WORD);
    if (this.at !== this.end) throw this.bad();
  }

  private readMode(): void {
    const { bytes, into } = this;
    if (this.end - this.at < 11) throw this.bad();
    into.type = TYPE_OF[String.fromCharCode(bytes[this.at]!)] ?? OTHER;
    let mode = 0;
    for (let bit = 0; bit < 9; bit++) {
      const letter = bytes[this.at + 1 + bit]!;
      if (letter === 0x2d) continue;
      // S and T: the special bit without the right to execute
      if (letter !== 0x53 && letter !== 0x54) mode |= 0o400 >> bit;
      if (letter === 0x73 || letter === 0x53) mode |= bit === 2 ? 0o4000 : 0o2000;
      if (letter === 0x74 || letter === 0x54) mode |= 0o1000;
    }
    into.mode = mode;
    this.at += 10;
    if (bytes[this.at] !== SPACE) this.at += 1; // `*`, `+` or `.`
  }

  private readOwner(): void {
    const from = this.at;
    while (this.at < this.end && this.bytes[this.at] !== SPACE) this.at += 1;
    const length = this.at - from;
    let isSame = length === this.ownerBytes.length;
    for (let i = 0; isSame && i < length; i++) isSame = this.bytes[from + i] === this.ownerBytes[i];
    if (isSame && length > 0) return;
    this.ownerBytes = Buffer.from(this.bytes.subarray(from, this.at));
    this.into.owner = this.ownerBytes.toString('latin1');
  }

  private readSize(): void {
    const { into } = this;
    into.size = this.number();
    if (into.type !== CHARACTER && into.type !== BLOCK_DEVICE) return;
    this.expect(0x2c);
    into.size = into.size * 2 ** 32 + this.number();
  }

  private readTime(): void {
    const { into } = this;
    if (!this.isDate()) return this.readStrangeTime();
    const year = this.number();
    this.expect(0x2d);
    const month = this.number();
    this.expect(0x2d);
    const day = this.number();
    this.expect(SPACE);
    const hour = this.number();
    this.expect(0x3a);
    const minute = this.number();
    this.expect(0x3a);
    const second = this.number();
    into.seconds = daysBefore(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    this.readFraction();
    if (into.seconds < 0 && into.nanos > 0) {
      // Before 1970, tar counts the fraction backwards from the next second.
      into.seconds -= 1;
      into.nanos = 1_000_000_000 - into.nanos;
    }
  }

  /** Whether there are a few digits and a dash. */
  private isDate(): boolean {
    let at = this.at;
    while (at < this.end && this.bytes[at]! >= ZERO && this.bytes[at]! <= 0x39) at += 1;
    return at > this.at && at < this.at + 10 && this.bytes[at] === 0x2d;
  }

  private readFraction(): void {
    const { into } = this;
    into.nanos = 0;
    if (this.bytes[this.at] !== 0x2e) return;
    this.at += 1;
    const from = this.at;
    const digits = this.number();
    into.nanos = digits * 10 ** (9 - (this.at - from));
  }

  /** A time that no calendar has is a number of seconds: nothing depends on it. */
  private readStrangeTime(): void {
    this.into.seconds = NaN;
    this.into.nanos = 0;
    while (this.at < this.end && this.bytes[this.at] !== QUOTE) this.at += 1;
  }

  private readLink(word: readonly number[]): void {
    for (const byte of word) this.expect(byte);
    this.readQuoted(this.into.link);
  }

  private readQuoted(into: Scratch): void {
    const { bytes, end } = this;
    this.expect(QUOTE);
    into.reset(end - this.at);
    const out = into.bytes;
    let length = 0;
    let at = this.at;
    for (;;) {
      if (at >= end) throw this.bad();
      let byte = bytes[at++]!;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        const letter = bytes[at++] ?? 0;
        if (letter >= ZERO && letter <= 0x33) {
          byte = ((letter & 7) << 6) | ((bytes[at]! & 7) << 3) | (bytes[at + 1]! & 7);
          at += 2;
        } else {
          byte = ESCAPES[letter] ?? 0;
          if (byte === 0) throw this.bad();
        }
      }
      out[length++] = byte;
    }
    into.length = length;
    this.at = at;
  }

  private number(): number {
    const { bytes, end } = this;
    const from = this.at;
    let value = 0;
    let at = from;
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === from || !Number.isSafeInteger(value)) throw this.bad();
    this.at = at;
    return value;
  }

  private expect(byte: number): void {
    if (this.at >= this.end || this.bytes[this.at] !== byte) throw this.bad();
    this.at += 1;
  }

  private skipSpaces(): void {
    while (this.at < this.end && this.bytes[this.at] === SPACE) this.at += 1;
  }

  private bad(): BadLine {
    return new BadLine('a line of the index is not what tar writes');
  }
}

const BLOCK_WORD = [...Buffer.from('block ')];
const SYMLINK_WORD = [...Buffer.from(' -> ')];
const HARDLINK_WORD = [...Buffer.from(' link to ')];

/** Meanings of a letter after a backslash. */
const ESCAPES: Record<number, number> = Object.fromEntries(
  (
    [
      ['a', 7],
      ['b', 8],
      ['t', 9],
      ['n', 10],
      ['v', 11],
      ['f', 12],
      ['r', 13],
      ['"', QUOTE],
      ['\\', BACKSLASH],
      ['?', 0x3f],
    ] as const
  ).map(([letter, byte]) => [letter.charCodeAt(0), byte])
);

/** @returns days from 1970-01-01 to a day of the Gregorian calendar. */
function daysBefore(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/**
 * Cuts a stream into lines.
 * @param onLine gets each line without its break, as a part of a bigger piece of memory that is used again
 * @returns how many lines there were
 * @throws BadLine when a line is longer than `LONGEST_LINE`, or the last one has no end
 */
export async function forEachLine(
  source: AsyncIterable<Buffer>,
  onLine: (bytes: Buffer, from: number, to: number) => void
): Promise<number> {
  // The beginning of a line whose end has not come yet.
  let rest: Buffer = Buffer.alloc(0);
  let lines = 0;
  for await (const chunk of source) {
    let from = 0;
    let to = chunk.indexOf(NEWLINE);
    if (rest.length > 0 && to >= 0) {
      const line = Buffer.concat([rest, chunk.subarray(0, to)]);
      rest = chunk.subarray(0, 0);
      onLine(line, 0, line.length);
      lines += 1;
      from = to + 1;
      to = chunk.indexOf(NEWLINE, from);
    }
    for (; to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      onLine(chunk, from, to);
      lines += 1;
      from = to + 1;
    }
    if (from < chunk.length) rest = Buffer.concat([rest, chunk.subarray(from)]);
    if (rest.length > LONGEST_LINE) throw new BadLine('a line of the index is too long');
  }
  if (rest.length > 0) throw new BadLine('the last line of the index has no end');
  return lines;
}
