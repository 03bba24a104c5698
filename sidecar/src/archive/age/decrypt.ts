import { Transform } from 'node:stream';
import { badHeader } from './ageError.ts';
import { NONCE_BYTES, openChunk, payloadKey, SEALED_CHUNK_BYTES } from './chunks.ts';
import type { Named } from './guarded.ts';
import { guarded } from './guarded.ts';
import type { Header } from './header.ts';
import { readHeader } from './header.ts';

/** Finds the key of a file by its header. @throws AgeError. */
export type FindFileKey = (header: Header) => Promise<Buffer> | Buffer;

/**
 * Takes a file from its first byte to its last, gives what is in it. Nothing comes out before it is authenticated, and the
 * stream fails with an AgeError when the file is damaged, was cut short, or goes on after its end.
 */
export function decrypting(findFileKey: FindFileKey, named: Named = error => error): Transform {
  let beginning = Buffer.alloc(0);
  let chunks: Chunks | undefined;

  /** Looks for the header and the nonce in what has come. @returns what came after them. */
  async function begin(piece: Buffer): Promise<Buffer> {
    beginning = Buffer.concat([beginning, piece]);
    const header = readHeader(beginning);
    const payload = (header?.bytes ?? Infinity) + NONCE_BYTES;
    if (!header || beginning.length < payload) return Buffer.alloc(0);
    const fileKey = await findFileKey(header);
    chunks = new Chunks(payloadKey(fileKey, beginning.subarray(header.bytes, payload)));
    const rest = beginning.subarray(payload);
    beginning = Buffer.alloc(0);
    return rest;
  }

  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      const take = (some: Buffer) =>
        guarded(done, named, () => chunks?.take(some, plain => this.push(plain)));
      if (chunks) take(piece);
      else begin(piece).then(take, error => done(named(error) as Error));
    },
    flush(done) {
      guarded(done, named, () => {
        if (!chunks) throw badHeader('it ends before its header does');
        this.push(chunks.end());
      });
    },
  });
}

/** The chunks of a payload, from the one with the number `first` to the last. */
export class Chunks {
  readonly #key: Buffer;
  readonly #held = Buffer.allocUnsafeSlow(SEALED_CHUNK_BYTES);
  #filled = 0;
  #number: number;

  constructor(key: Buffer, first = 0) {
    this.#key = key;
    this.#number = first;
  }

  /** Gives each chunk to `push` once more has come after it: until then it may be the last. */
  take(piece: Buffer, push: (plain: Buffer) => void): void {
    let at = 0;
    while (at < piece.length) {
      if (this.#filled === SEALED_CHUNK_BYTES) {
        push(openChunk(this.#key, this.#number++, false, this.#held));
        this.#filled = 0;
      }
      while (this.#filled === 0 && piece.length - at > SEALED_CHUNK_BYTES) {
        const sealed = piece.subarray(at, at + SEALED_CHUNK_BYTES);
        push(openChunk(this.#key, this.#number++, false, sealed));
        at += SEALED_CHUNK_BYTES;
      }
      const copied = piece.copy(
        this.#held,
        this.#filled,
        at,
        at + SEALED_CHUNK_BYTES - this.#filled
      );
      this.#filled += copied;
      at += copied;
    }
  }

  /** @returns the last chunk, at the end of the file. */
  end(): Buffer {
    return openChunk(this.#key, this.#number, true, this.#held.subarray(0, this.#filled));
  }

  /** @returns what is held, as a chunk that is not the last. */
  endBefore(): Buffer {
    return openChunk(this.#key, this.#number, false, this.#held.subarray(0, this.#filled));
  }
}
