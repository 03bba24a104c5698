import { BadTar } from '../tar/header.ts';

/** How an archive of a chain has a name of a directory: `packed` in it, `unchanged` since the one before, or as a directory. */
export type NameState = 'packed' | 'unchanged' | 'directory';

const STATE_OF: Partial<Record<number, NameState>> = {
  0x59: 'packed', // Y
  0x4e: 'unchanged', // N
  0x44: 'directory', // D
};

const SLASH = 0x2f;

/** Longest name of a file system is 255 bytes; some allow more. */
const LONGEST_NAME = 4096;

/**
 * Reads the names of a directory from pieces of the pax record `GNU.dumpdir`: each with a letter in front and a NUL behind, and
 * an empty one at the end (GNU tar manual, "Dumpdir"). A directory that tar took for a renamed one has other letters, too: NKVM
 * makes no such archives (helper/pack/snapshot.cjs).
 */
export class DumpdirReader {
  private rest: Buffer = Buffer.alloc(0);
  private hasEnded = false;
  private readonly onName: (state: NameState, bytes: Buffer, from: number, to: number) => void;

  /** @param onName gets each name, as a part of bytes that are used again */
  constructor(onName: (state: NameState, bytes: Buffer, from: number, to: number) => void) {
    this.onName = onName;
  }

  /** @throws BadTar */
  push(piece: Buffer): void {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    if (piece.includes(SLASH)) throw unreadable();
    let from = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, from)) {
      this.name(bytes, from, end);
      from = end + 1;
    }
    this.rest = Buffer.from(bytes.subarray(from));
    if (this.rest.length > LONGEST_NAME) throw unreadable();
  }

  /** To be called after the last piece. @throws BadTar */
  end(): void {
    if (this.rest.length > 0 || !this.hasEnded)
      throw new BadTar('the list of the names of a directory is not complete');
  }

  private name(bytes: Buffer, from: number, to: number): void {
    if (this.hasEnded) throw unreadable();
    if (from === to) {
      this.hasEnded = true;
      return;
    }
    const state = STATE_OF[bytes[from]!];
    if (!state || to - from < 2) throw unreadable();
    this.onName(state, bytes, from + 1, to);
  }
}

const unreadable = (): BadTar => new BadTar('the list of the names of a directory cannot be read');
