import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { codeOf } from '../../files.ts';
import { MODE } from './wholeFile.ts';

const BLOCK_BYTES = 256 * 1024;

/** A file that only takes up space. When the disk is full, deleting it makes room for the journal. */
export class Reserve {
  readonly #path: string;
  readonly #bytes: number;

  /** @param historyPath the history file; the reserve is beside it @param bytes its size; 0: there is none */
  constructor(historyPath: string, bytes: number) {
    this.#path = `${historyPath}.reserve`;
    this.#bytes = bytes;
  }

  /** Creates the file where it is missing. Where there is no space for it, there is none. */
  async fill(): Promise<void> {
    if (this.#bytes === 0 || (await this.#size()) >= this.#bytes) return;
    try {
      const file = await fs.open(this.#path, 'w', MODE);
      try {
        // Random, because a file system that compresses would keep no space for zeros.
        for (let left = this.#bytes; left > 0; left -= BLOCK_BYTES) {
          await file.writeFile(randomBytes(Math.min(BLOCK_BYTES, left)));
        }
        await file.sync();
      } finally {
        await file.close();
      }
    } catch {
      await fs.rm(this.#path, { force: true }).catch(() => undefined);
    }
  }

  /** @returns whether it made room */
  async release(): Promise<boolean> {
    const bytes = await this.#size();
    if (bytes > 0) await fs.rm(this.#path, { force: true });
    return bytes > 0;
  }

  async #size(): Promise<number> {
    try {
      return (await fs.stat(this.#path)).size;
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return 0;
      throw error;
    }
  }
}

/** @returns whether an error says that there is no space. */
export const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');
