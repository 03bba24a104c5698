import { randomBytes } from 'node:crypto';
import { Transform } from 'node:stream';
import { CHUNK_BYTES, NONCE_BYTES, payloadKey, sealChunk } from './chunks.ts';
import { FILE_KEY_BYTES, writeHeader } from './header.ts';
import type { Recipients } from './wrap.ts';
import { wrapFileKey } from './wrap.ts';

/** A file that is being encrypted. */
export interface Encryption {
  /** Takes what is to be encrypted, gives the file. */
  stream: Transform;
  /** Opens this file, and no other. With it, the process that encrypted the file can read it back without any secret key. */
  fileKey: Buffer;
  /** Bytes of the file before its payload. */
  headerBytes: number;
}

/** @throws AgeError (`key`) for an invalid public key. */
export async function encryption(whom: Recipients): Promise<Encryption> {
  const fileKey = randomBytes(FILE_KEY_BYTES);
  const header = writeHeader(await wrapFileKey(fileKey, whom), fileKey);
  return { stream: sealing(header, fileKey), fileKey, headerBytes: header.length };
}

/** A file that another process encrypts. */
export interface ElsewhereEncryption extends Pick<Encryption, 'fileKey' | 'headerBytes'> {
  /**
   * `begin`: the file up to its first chunk; `key`: of its chunks, which are sealed as `sealChunk` does. Both in base64. They
   * open this file, and no other.
   */
  terms: { begin: string; key: string };
}

/** @throws AgeError (`key`) for an invalid public key. */
export async function sealedElsewhere(whom: Recipients): Promise<ElsewhereEncryption> {
  const fileKey = randomBytes(FILE_KEY_BYTES);
  const header = writeHeader(await wrapFileKey(fileKey, whom), fileKey);
  const nonce = randomBytes(NONCE_BYTES);
  return {
    fileKey,
    headerBytes: header.length,
    terms: {
      begin: Buffer.concat([header, nonce]).toString('base64'),
      key: payloadKey(fileKey, nonce).toString('base64'),
    },
  };
}

function sealing(header: Buffer, fileKey: Buffer): Transform {
  const nonce = randomBytes(NONCE_BYTES);
  const key = payloadKey(fileKey, nonce);
  const held = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let [filled, number] = [0, 0];
  return new Transform({
    construct(done) {
      this.push(header);
      this.push(nonce);
      done();
    },
    transform(piece: Buffer, _encoding, done) {
      let at = 0;
      while (at < piece.length) {
        // Only now it is known that the chunk is not the last one.
        if (filled === CHUNK_BYTES) {
          this.push(sealChunk(key, number++, false, held));
          filled = 0;
        }
        // Whole chunks in one piece need no copy.
        while (filled === 0 && piece.length - at > CHUNK_BYTES) {
          this.push(sealChunk(key, number++, false, piece.subarray(at, at + CHUNK_BYTES)));
          at += CHUNK_BYTES;
        }
        const copied = piece.copy(held, filled, at, at + CHUNK_BYTES - filled);
        filled += copied;
        at += copied;
      }
      done();
    },
    flush(done) {
      this.push(sealChunk(key, number, true, held.subarray(0, filled)));
      done();
    },
  });
}
