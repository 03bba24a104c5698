import { readSync } from 'node:fs';

/** Reads a file descriptor to its end, in pieces of any size, with one buffer. */
export class Input {
  /** Bytes that were taken so far. */
  bytes = 0;
  readonly #fd: number;
  #buffer = Buffer.allocUnsafe(256 * 1024);
  #from = 0;
  #to = 0;
  #isAtEnd = false;
  #limit = Number.POSITIVE_INFINITY;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** From now on it ends after so many bytes, until the next call. */
  endAfter(bytes: number): void {
    this.#limit = this.bytes + bytes;
  }

  /**
   * @returns the next `wanted` bytes, valid until the next call; fewer at the end.
   */
  take(wanted: number): Buffer {
    const size = Math.min(wanted, this.#limit - this.bytes);
    while (this.#to - this.#from < size && !this.#isAtEnd) this.#fill(size);
    return this.#give(Math.min(size, this.#to - this.#from));
  }

  /** @returns the next bytes, at least one and at most `wanted`, valid until the next call; none at the end. */
  some(wanted: number): Buffer {
    const most = Math.min(wanted, this.#limit - this.bytes);
    if (most > 0 && this.#from === this.#to && !this.#isAtEnd) this.#fill(1);
    return this.#give(Math.min(most, this.#to - this.#from));
  }

  #give(size: number): Buffer {
    const piece = this.#buffer.subarray(this.#from, this.#from + size);
    this.#from += size;
    this.bytes += size;
    return piece;
  }

  #fill(size: number): void {
    if (this.#from === this.#to) this.#from = this.#to = 0;
    if (this.#from + size > this.#buffer.length) {
      const bigger =
        size > this.#buffer.length ? Buffer.allocUnsafe(size + 64 * 1024) : this.#buffer;
      this.#buffer.copy(bigger, 0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
      this.#buffer = bigger;
    }
    const read = readSync(this.#fd, this.#buffer, this.#to, this.#buffer.length - this.#to, null);
    if (read === 0) this.#isAtEnd = true;
    this.#to += read;
  }
}
