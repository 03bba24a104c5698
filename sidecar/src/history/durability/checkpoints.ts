/** How often the whole history may be written. */
export interface CheckpointPace {
  /** Biggest share of the time that goes into checkpoints, 0 to 1. */
  share: number;
  /**
   * Longest time after one in which no other begins. One that took long because the CPU or the disk was busy says little about the
   * next: without a limit, 20 s at 2 % would leave the file as it is for 16 minutes.
   */
  longestRestMs: number;
  /** Least time between the end of a failed one and the next. */
  retryMs: number;
}

/** How the last checkpoint went. Times are in milliseconds of one clock that only goes forward. */
export interface LastCheckpoint {
  endedAt: number;
  tookMs: number;
  isFailed: boolean;
}

/** @returns when the next one may begin: a small history often, a big one rarely. */
export function earliestCheckpoint(
  { endedAt, tookMs, isFailed }: LastCheckpoint,
  { share, longestRestMs, retryMs }: CheckpointPace
): number {
  const rest = Math.min(tookMs / share - tookMs, longestRestMs);
  return endedAt + (isFailed ? Math.max(rest, retryMs) : rest);
}

export interface CheckpointsOptions {
  /** Puts the whole history on disk. */
  write: () => Promise<void>;
  pace: CheckpointPace;
  /** Is told of the first of several failures in a row. */
  onFailure: (error: unknown) => void;
}

/** Decides when the history file is written whole. One at a time. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #last: LastCheckpoint = { endedAt: -Infinity, tookMs: 0, isFailed: false };
  #dueAt = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /** Asks for a checkpoint in so many milliseconds, or when the pace allows it. An earlier request stays. */
  within(delayMs: number): void {
    this.#dueAt = Math.min(this.#dueAt, performance.now() + delayMs);
    this.#plan();
  }

  /** Makes the last one, when one is asked for. Never throws: what it would write is in the journal. */
  async finish(): Promise<void> {
    await this.#running;
    if (this.#dueAt < Infinity) await this.#run();
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#running || this.#dueAt === Infinity) return;
    const at = Math.max(this.#dueAt, earliestCheckpoint(this.#last, this.#options.pace));
    this.#timer = setTimeout(() => void this.#run(), Math.max(0, at - performance.now())).unref();
  }

  #run(): Promise<void> {
    this.#running ??= this.#attempt().finally(() => {
      this.#running = undefined;
      this.#plan();
    });
    return this.#running;
  }

  async #attempt(): Promise<void> {
    const { write, onFailure, pace } = this.#options;
    const begunAt = performance.now();
    this.#dueAt = Infinity;
    let isFailed = false;
    try {
      await write();
    } catch (error) {
      isFailed = true;
      if (!this.#last.isFailed) onFailure(error);
      this.#dueAt = Math.min(this.#dueAt, begunAt + pace.retryMs);
    }
    const endedAt = performance.now();
    this.#last = { endedAt, tookMs: endedAt - begunAt, isFailed };
  }
}
