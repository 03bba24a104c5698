import { createCipheriv, createDecipheriv } from 'node:crypto';
import { AgeError } from './ageError.ts';
import { derive } from './header.ts';

/** Bytes of the payload that are encrypted and authenticated as one. */
export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
/** At the beginning of the payload; makes its key another one than that of any other payload. */
export const NONCE_BYTES = 16;

export const payloadKey = (fileKey: Buffer, nonce: Buffer): Buffer =>
  derive(fileKey, nonce, 'payload');

/** The number of the chunk, and whether it is the last: nothing can be cut off or put in another order. */
function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES };

/** @returns the chunk, encrypted, and its tag. */
export function sealChunk(key: Buffer, number: number, isLast: boolean, plain: Buffer): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonceOf(number, isLast), OPTIONS);
  const sealed = Buffer.allocUnsafe(plain.length + TAG_BYTES);
  cipher.update(plain).copy(sealed);
  cipher.final();
  cipher.getAuthTag().copy(sealed, plain.length);
  return sealed;
}

/** @throws AgeError (`payload`) where the chunk is not what was encrypted, or not in its place. */
export function openChunk(key: Buffer, number: number, isLast: boolean, sealed: Buffer): Buffer {
  if (sealed.length < TAG_BYTES) throw damaged(number);
  // A payload is empty, or its last chunk has something in it.
  if (sealed.length === TAG_BYTES && number > 0) throw damaged(number);
  const decipher = createDecipheriv(CIPHER, key, nonceOf(number, isLast), OPTIONS);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch (error) {
    throw damaged(number, error);
  }
  return plain;
}

const damaged = (number: number, cause?: unknown) =>
  new AgeError('payload', `it is damaged or truncated after ${number * CHUNK_BYTES} bytes`, {
    cause,
  });

/** @returns bytes of the payload as it is stored, its nonce included. */
export function sealedBytes(plainBytes: number): number {
  const chunks = Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES));
  return NONCE_BYTES + plainBytes + chunks * TAG_BYTES;
}

/** @returns bytes that are in a payload of `sealed` bytes, its nonce included. @throws AgeError (`payload`). */
export function plainBytes(sealed: number): number {
  const chunks = Math.ceil((sealed - NONCE_BYTES) / SEALED_CHUNK_BYTES);
  const plain = sealed - NONCE_BYTES - chunks * TAG_BYTES;
  if (chunks < 1 || plain <= (chunks - 1) * CHUNK_BYTES - (chunks === 1 ? 1 : 0))
    throw new AgeError('payload', 'its length is not one that an encrypted file can have');
  return plain;
}
