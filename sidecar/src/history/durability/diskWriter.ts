import type { StageError } from '../../errors.ts';
import type { Fence } from '../../fence.ts';
import { historyError } from '../errors.ts';
import type { Entry } from '../queries/entries.ts';
import type { Journal } from './journal.ts';
import type { Notice } from './notice.ts';
import { readOnly, writableAgain } from './notice.ts';
import type { Reserve } from './reserve.ts';
import { isDiskFull } from './reserve.ts';

export interface DiskWriterOptions {
  /** Of the history file. */
  path: string;
  /** Brings the disk up to what is in memory and begins the journal; may be called until it works. */
  begin: () => Promise<Journal>;
  reserve: Reserve;
  fence: Fence;
  /** How often it is tried to write again after a failure. */
  retryMs: number;
  /** Tries to write something. */
  probe: () => Promise<void>;
  onNotice: (notice: Notice) => void;
}

/**
 * Puts changes on disk. While that is not possible the history can only be read; NKVM tries again every few seconds, and
 * with every change.
 */
export class DiskWriter {
  readonly #options: DiskWriterOptions;
  #journal: Journal | undefined;
  #problem: StageError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: DiskWriterOptions) {
    this.#options = options;
  }

  /** Why nothing can be written at present. */
  get problem(): StageError | undefined {
    return this.#problem;
  }

  /** Undefined until the disk has taken the first write. */
  get journal(): Journal | undefined {
    return this.#journal;
  }

  /** Makes the disk ready for changes. A full disk is not an error: `problem` tells. @throws what else went wrong */
  async open(): Promise<void> {
    try {
      await this.#withReserve(() => this.#begun());
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#failed(error);
      return;
    }
    await this.#options.reserve.fill();
  }

  /**
   * @returns the record of the journal that holds the entries; it is on disk
   * @throws what a failed system call threw, or the fence; then nothing was written
   */
  async append(entries: readonly Entry[]): Promise<number> {
    try {
      this.#options.fence.assertHeld();
      const sequence = await this.#withReserve(async () => (await this.#begun()).append(entries));
      this.#worked();
      return sequence;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#journal?.close();
  }

  async #begun(): Promise<Journal> {
    this.#journal ??= await this.#options.begin();
    return this.#journal;
  }

  async #withReserve<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isDiskFull(error) || !(await this.#options.reserve.release())) throw error;
      return await work();
    }
  }

  #worked(): void {
    if (!this.#problem) return;
    this.#problem = undefined;
    this.#options.onNotice(writableAgain(this.#options.path));
  }

  #failed(error: unknown): void {
    const { path, onNotice } = this.#options;
    const problem = historyError('queue', path, error);
    if (this.#problem?.reason !== problem.reason) onNotice(readOnly(path, problem));
    this.#problem = problem;
    this.#probeLater();
  }

  #probeLater(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    // A failure plans the next one itself.
    this.#timer = setTimeout(
      () => void this.#options.probe().catch(() => undefined),
      this.#options.retryMs
    ).unref();
  }
}
