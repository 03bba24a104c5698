/** Does one piece of work at a time. Everything that arrives during it is done together in the next one. */
export class Batches<T> {
  readonly #work: (batch: T[]) => Promise<void>;
  #waiting: T[] = [];
  #isBusy = false;

  /** @param work must not throw */
  constructor(work: (batch: T[]) => Promise<void>) {
    this.#work = work;
  }

  get isIdle(): boolean {
    return !this.#isBusy;
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (!this.#isBusy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    // Items that are added in the same turn are in the first batch together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#work(this.#waiting.splice(0));
    this.#isBusy = false;
  }
}
