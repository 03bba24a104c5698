/** Types of entries, by the number that an index keeps. */
export const ENTRY_TYPES = [
  'file',
  'directory',
  'symlink',
  'hardlink',
  'fifo',
  'character',
  'block',
  'other',
] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

export const FILE = 0;
export const DIRECTORY = 1;
export const SYMLINK = 2;
export const HARDLINK = 3;
export const FIFO = 4;
export const CHARACTER = 5;
export const BLOCK_DEVICE = 6;
export const OTHER = 7;

/** Bytes that are filled again and again: an index has millions of names. */
export class Scratch {
  bytes: Buffer = Buffer.allocUnsafe(4_096);
  length = 0;

  /** Makes room for `length` bytes; what was in it is lost. */
  reset(length: number): void {
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafe(length * 2);
    this.length = 0;
  }

  set(from: Uint8Array): void {
    this.reset(from.length);
    this.bytes.set(from);
    this.length = from.length;
  }

  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

/** One entry of an archive on its way into an index. The same object is used for all of them. */
export class EntryFields {
  /** Where its first header begins, in blocks of 512 bytes of the tar. */
  block = 0;
  /** See `ENTRY_TYPES`. */
  type: number = FILE;
  /** Permissions, with setuid, setgid and sticky: 12 bits. */
  mode = 0;
  /** `uid/gid`. */
  owner = '';
  /** Size of the contents, holes included; of a device, its numbers (major * 2^32 + minor). */
  size = 0;
  /** Since 1970. NaN: not known. */
  seconds = 0;
  nanos = 0;
  /** As it is in the archive, `./` in front and `/` at the end included. */
  readonly name = new Scratch();
  /** Where a link leads; empty for everything else. */
  readonly link = new Scratch();
}

/** @returns the mode as `ls -l` shows it, e.g. `-rw-r--r--`. */
export function modeText(type: number, mode: number): string {
  const bit = (mask: number, letter: string) => (mode & mask ? letter : '-');
  const execute = (x: number, special: number, both: string, only: string) =>
    mode & special ? (mode & x ? both : only) : bit(x, 'x');
  return (
    '-dl-pcb?'.charAt(type) +
    bit(0o400, 'r') +
    bit(0o200, 'w') +
    execute(0o100, 0o4000, 's', 'S') +
    bit(0o040, 'r') +
    bit(0o020, 'w') +
    execute(0o010, 0o2000, 's', 'S') +
    bit(0o004, 'r') +
    bit(0o002, 'w') +
    execute(0o001, 0o1000, 't', 'T')
  );
}
