import { EntryFields } from '../index/entry.ts';
import { ByteSource, EndOfBytes } from './byteSource.ts';
import type { EntryHead, Globals } from './entryHead.ts';
import { fillEntry, readEntryHead } from './entryHead.ts';
import { BadTar, BLOCK, padTo } from './header.ts';

/** Facts about a tar that was read to its end. */
export interface ScannedTar {
  /** Entries, as tar counts them. */
  files: number;
  /** Size of the tar itself. */
  rawBytes: number;
  /** Something follows the end of the tar that tar would not read. */
  hasTrailingBytes: boolean;
  /** There are records that count for every entry that follows: entries do not stand for themselves. */
  hasGlobals: boolean;
}

/**
 * Reads a tar once, from its first byte to its last, in constant memory.
 * @param onEntry gets each entry; the same object every time
 * @throws BadTar when it is not a tar, or ends before its end
 */
export async function scanTar(
  tar: AsyncIterable<Buffer>,
  onEntry: (entry: EntryFields, head: EntryHead) => void
): Promise<ScannedTar> {
  const source = new ByteSource(tar);
  const entry = new EntryFields();
  const globals: Globals = new Map();
  let files = 0;
  try {
    for (;;) {
      const head = await readEntryHead(source, globals);
      if (!head) break;
      files += 1;
      fillEntry(head, entry);
      onEntry(entry, head);
      await source.skip(padTo(head.storedBytes));
    }
    // A tar ends with two blocks of zeros (POSIX), and is filled up with more of them.
    let zeros = BLOCK;
    let hasTrailingBytes = false;
    for await (const part of source.rest()) {
      if (isZero(part)) zeros += part.length;
      else hasTrailingBytes = true;
    }
    if (zeros < 2 * BLOCK && !hasTrailingBytes) throw new EndOfBytes();
    globals.delete('comment');
    return { files, rawBytes: source.position, hasTrailingBytes, hasGlobals: globals.size > 0 };
  } catch (error) {
    if (error instanceof EndOfBytes) throw new BadTar('the tar inside is truncated');
    throw error;
  } finally {
    await source.close();
  }
}

const ZEROS = Buffer.alloc(64 * 1024);

function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (part.compare(ZEROS, 0, part.length) !== 0) return false;
  }
  return true;
}
