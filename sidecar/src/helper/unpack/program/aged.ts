import { createDecipheriv } from 'node:crypto';

const SEALED_BYTES = 65_536 + 16;

/** Decrypts the chunks of an age file (age-encryption.org/v1), in order. */
export class Aged {
  readonly #key: Buffer;
  readonly #held = Buffer.allocUnsafeSlow(SEALED_BYTES);
  #filled = 0;
  #number = 0;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** @returns what is in the chunks that are known not to be the last. @throws Error for a chunk that is damaged. */
  take(piece: Buffer): Buffer[] {
    const plain: Buffer[] = [];
    for (let at = 0; at < piece.length; ) {
      if (this.#filled === SEALED_BYTES) plain.push(this.#open(false));
      const taken = piece.copy(this.#held, this.#filled, at);
      this.#filled += taken;
      at += taken;
    }
    return plain;
  }

  /** @returns what is in the last chunk. @throws Error when it is not the last one of the file. */
  end(): Buffer {
    return this.#open(true);
  }

  #open(isLast: boolean): Buffer {
    const at = this.#filled - 16;
    // A payload is empty, or its last chunk has something in it.
    if (at < 0 || (at === 0 && this.#number > 0)) throw this.#damaged();
    const nonce = Buffer.alloc(12);
    nonce.writeUIntBE(this.#number, 5, 6);
    nonce[11] = isLast ? 1 : 0;
    const decipher = createDecipheriv('chacha20-poly1305', this.#key, nonce, { authTagLength: 16 });
    decipher.setAuthTag(this.#held.subarray(at, this.#filled));
    const plain = decipher.update(this.#held.subarray(0, at));
    try {
      decipher.final();
    } catch {
      throw this.#damaged();
    }
    this.#filled = 0;
    this.#number++;
    return plain;
  }

  #damaged(): Error {
    return new Error(
      `the encrypted file is damaged or truncated after ${this.#number * 65_536} bytes`
    );
  }
}
