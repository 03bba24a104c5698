/** Counts what the product does to its world, so that a fault can be put between any two of these effects. */
export class Moments {
  #left = Infinity;
  #fault: () => void = () => undefined;

  /** Causes `fault` after `effects` more effects, just before the next one. */
  arm(effects: number, fault: () => void): void {
    this.#left = effects;
    this.#fault = fault;
  }

  /** Takes note of an effect. */
  pass(): void {
    this.#left -= 1;
    if (this.#left < 0) this.fire();
  }

  get isArmed(): boolean {
    return this.#left !== Infinity;
  }

  /** Causes the fault now, unless it has happened. */
  fire(): void {
    if (!this.isArmed) return;
    this.#left = Infinity;
    this.#fault();
  }
}

const never = <T>(): Promise<T> => new Promise(() => undefined);

/**
 * One life of the sidecar's process. Its effects on the world pass through here; from the moment of `end` none begins
 * any more, and none that was under way is answered: what `kill -9` does, within a process that lives on.
 */
export class Life {
  readonly #moments: Moments;
  #isOver = false;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #over = Promise.withResolvers<void>();

  constructor(moments: Moments) {
    this.#moments = moments;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param effect one system call or request, which ends by itself */
  async pass<T>(effect: () => Promise<T>): Promise<T> {
    this.#moments.pass();
    if (this.#isOver) return never();
    try {
      const answer = await this.untilAnswered(effect());
      return this.#isOver ? never<T>() : answer;
    } catch (error) {
      if (this.#isOver) return never();
      throw error;
    }
  }

  /** Takes note of a call that cannot be taken back: its effect comes even when this life ends before the answer. */
  async untilAnswered<T>(call: Promise<T>): Promise<T> {
    this.#underWay.add(call);
    try {
      return await call;
    } finally {
      this.#underWay.delete(call);
    }
  }

  /** @returns what `work` gives; undefined when the process is killed meanwhile. */
  during<T>(work: Promise<T>): Promise<T | void> {
    return Promise.race([work, this.#over.promise]);
  }

  /** Resolves when it is over. */
  get ended(): Promise<void> {
    return this.#over.promise;
  }

  end(): void {
    this.#isOver = true;
    this.#over.resolve();
  }

  /** @returns when the kernel and the storage have finished the calls that were made before the end. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }
}
