import type { Run } from '../queries/row.ts';

/** The runs that a write will change, as they will be. Only the changes of that write see them. */
export class StagedRows {
  readonly #now: (id: string) => Run | undefined;
  readonly #after = new Map<string, Run>();
  readonly #removed = new Map<string, Run>();

  /** @param now gives a run as it is now */
  constructor(now: (id: string) => Run | undefined) {
    this.#now = now;
  }

  /** @returns a run as it will be. */
  get(id: string): Run | undefined {
    return this.#removed.has(id) ? undefined : this.#after.get(id) ?? this.#now(id);
  }

  put(run: Run): void {
    this.#after.set(run.id, run);
  }

  remove(run: Run): void {
    this.#after.delete(run.id);
    this.#removed.set(run.id, run);
  }

  /** @returns the runs that leave the history. */
  removed(): Run[] {
    return [...this.#removed.values()];
  }

  /** @returns the runs that change, as they will be. */
  changed(): Run[] {
    return [...this.#after.values()];
  }
}
