import type { Run } from './row.ts';
import type { RunTable } from './table.ts';

/** A group of changes that is on its way to the disk: seen by those who make them, by nobody else yet. */
export class StagedRows {
  readonly #table: RunTable;
  readonly #after = new Map<string, Run>();

  constructor(table: RunTable) {
    this.#table = table;
  }

  /** @returns a run as it will be. */
  get(id: string): Run | undefined {
    return this.#after.get(id) ?? this.#table.get(id);
  }

  put(run: Run): void {
    this.#after.set(run.id, run);
  }

  has(id: string): boolean {
    return this.#after.has(id);
  }

  /** @returns the runs that changed, as they will be. */
  changed(): Run[] {
    return [...this.#after.values()];
  }
}
