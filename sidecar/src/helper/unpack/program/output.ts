import { closeSync, writeSync } from 'node:fs';

/** Writes to a file descriptor; small pieces are collected. */
export class Output {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafe(64 * 1024);
  #used = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(piece: Buffer): void {
    const isBig = piece.length >= this.#buffer.length / 2;
    if (isBig || this.#used + piece.length > this.#buffer.length) this.flush();
    if (isBig) return writeAll(this.#fd, piece);
    this.#used += piece.copy(this.#buffer, this.#used);
  }

  flush(): void {
    writeAll(this.#fd, this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  /** The reader sees the end of the file. */
  close(): void {
    this.flush();
    closeSync(this.#fd);
  }
}

function writeAll(fd: number, piece: Buffer): void {
  for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
}
