import {
  type CipherGCM,
  createCipheriv,
  createHash,
  createSecretKey,
  type Hash,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

const PIECE = 4096;
const ZEROS = Buffer.alloc(PIECE);
const NONCE = Buffer.alloc(12);

/** Bytes of a digest that are kept. */
export const DIGEST_BYTES = 16;

/** @returns a key for the digests of one comparison. Nobody else may know it. */
export const contentKey = (): KeyObject => createSecretKey(randomBytes(32));

/**
 * The digest of a file's content, the same whether zeros are stored or a hole: pieces of 4 KiB that hold only zeros count
 * by their position alone. A hole of a terabyte costs nothing.
 *
 * The data count by their GMAC (NIST SP 800-38D), which takes a quarter of the CPU of SHA-256. Two contents of up to 1 TiB have the
 * same one with a probability of less than 2^-90, whoever chose them without the key. A key and its only nonce may be used for many
 * files because no digest leaves the process.
 */
export class ContentDigest {
  readonly #key: KeyObject;
  #data: CipherGCM | undefined;
  /** Where zeros begin and end; undefined while there are none. */
  #map: Hash | undefined;
  #at = 0;
  /** Bytes of the current piece, where it came in parts. */
  readonly #part = Buffer.allocUnsafe(PIECE);
  #inPart = 0;
  #isInZeros = false;

  /** @param key digests of the same key can be compared */
  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** Adds bytes of the file. */
  add(bytes: Buffer): void {
    let from = 0;
    if (this.#inPart > 0) {
      from = Math.min(PIECE - this.#inPart, bytes.length);
      bytes.copy(this.#part, this.#inPart, 0, from);
      this.#inPart += from;
      if (this.#inPart < PIECE) return;
      this.#inPart = 0;
      this.#pieces(this.#part, 0, PIECE);
    }
    const whole = bytes.length - ((bytes.length - from) % PIECE);
    if (whole > from) this.#pieces(bytes, from, whole);
    if (whole < bytes.length) this.#inPart = bytes.copy(this.#part, 0, whole);
  }

  /** Adds a hole. */
  addZeros(count: number): void {
    let left = count;
    if (this.#inPart > 0) {
      const first = Math.min(PIECE - this.#inPart, left);
      this.add(ZEROS.subarray(0, first));
      left -= first;
    }
    const whole = left - (left % PIECE);
    if (whole > 0) this.#zeros(whole);
    if (left > whole) this.add(ZEROS.subarray(0, left - whole));
  }

  /** @returns the digest; the object can then be used for the next file. */
  end(): Buffer {
    if (this.#inPart > 0) {
      const last = this.#part.subarray(0, this.#inPart);
      this.#inPart = 0;
      if (last.equals(ZEROS.subarray(0, last.length))) this.#zeros(last.length);
      else this.#bytes(last);
    }
    const data = this.#data ?? this.#begin();
    data.final();
    let digest = data.getAuthTag();
    if (this.#map) {
      this.#map.update(`${this.#at}`).update(digest);
      digest = this.#map.digest();
    }
    this.#data = undefined;
    this.#map = undefined;
    this.#at = 0;
    this.#isInZeros = false;
    return digest.subarray(0, DIGEST_BYTES);
  }

  /** Whole pieces: those that are not zeros are hashed together, as far as they lie side by side. */
  #pieces(bytes: Buffer, from: number, to: number): void {
    let start = from;
    for (let at = from; at < to; at += PIECE) {
      // Two looks find out about most pieces.
      if (bytes[at] !== 0 || bytes[at + PIECE - 1] !== 0) continue;
      if (ZEROS.compare(bytes, at, at + PIECE) !== 0) continue;
      if (at > start) this.#bytes(bytes.subarray(start, at));
      this.#zeros(PIECE);
      start = at + PIECE;
    }
    if (to > start) this.#bytes(bytes.subarray(start, to));
  }

  #bytes(bytes: Buffer): void {
    if (this.#isInZeros) this.#mark(false);
    (this.#data ??= this.#begin()).setAAD(bytes);
    this.#at += bytes.length;
  }

  #zeros(count: number): void {
    if (!this.#isInZeros) this.#mark(true);
    this.#at += count;
  }

  #begin(): CipherGCM {
    return createCipheriv('aes-256-gcm', this.#key, NONCE);
  }

  #mark(isInZeros: boolean): void {
    this.#isInZeros = isInZeros;
    (this.#map ??= createHash('sha256')).update(`${this.#at} `);
  }
}
