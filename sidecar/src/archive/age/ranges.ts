import { Transform } from 'node:stream';
import { CHUNK_BYTES, NONCE_BYTES, plainBytes, SEALED_CHUNK_BYTES } from './chunks.ts';
import { Chunks } from './decrypt.ts';
import type { Named } from './guarded.ts';
import { guarded } from './guarded.ts';

/** Where the payload of a file is, and what opens it. */
export interface Payload {
  /** Bytes of the file before the payload's nonce. */
  headerBytes: number;
  /** Bytes of the whole file. */
  fileBytes: number;
  key: Buffer;
}

/** Bytes, both ends included. */
interface Range {
  start: number;
  end: number;
}

export interface PartOfFile {
  /** The range of the file to read: whole chunks. */
  range: Range;
  /** Takes those bytes, gives the ones that were asked for, authenticated. */
  stream: Transform;
}

/**
 * @param wanted bytes of what is in the file; those after its end do not come
 * @returns undefined when it has none of them
 * @throws AgeError (`payload`) when the file has a length that no encrypted file has
 */
export function partOf(
  { headerBytes, fileBytes, key }: Payload,
  wanted: Range,
  named: Named = error => error
): PartOfFile | undefined {
  const bytes = plainBytes(fileBytes - headerBytes);
  const end = Math.min(wanted.end, bytes - 1);
  if (end < wanted.start) return undefined;
  const first = Math.floor(wanted.start / CHUNK_BYTES);
  const last = Math.floor(end / CHUNK_BYTES);
  const isAtEnd = last === Math.floor((bytes - 1) / CHUNK_BYTES);
  const begin = headerBytes + NONCE_BYTES;
  const range = {
    start: begin + first * SEALED_CHUNK_BYTES,
    end: Math.min(begin + (last + 1) * SEALED_CHUNK_BYTES, fileBytes) - 1,
  };
  const chunks = new Chunks(key, first);
  let at = first * CHUNK_BYTES;
  const cut = (plain: Buffer): Buffer => {
    const from = Math.max(0, wanted.start - at);
    const to = Math.min(plain.length, end + 1 - at);
    at += plain.length;
    return plain.subarray(from, to);
  };
  const stream = new Transform({
    transform(piece: Buffer, _encoding, done) {
      guarded(done, named, () => chunks.take(piece, plain => this.push(cut(plain))));
    },
    flush(done) {
      guarded(done, named, () => this.push(cut(isAtEnd ? chunks.end() : chunks.endBefore())));
    },
  });
  return { range, stream };
}
