import type { Run } from './row.ts';
import type { RunTable } from './table.ts';

/** A group of changes that is on its way to the disk: seen by those who make them, by nobody else yet. */
export class StagedRows {
  readonly #table: RunTable;
  readonly #before = new Map<string, Run | undefined>();
  readonly #after = new Map<string, Run>();

  constructor(table: RunTable) {
    this.#table = table;
  }

  /** @returns a run as it will be. */
  get(id: string): Run | undefined {
    return this.#after.get(id) ?? this.#table.get(id);
  }

  put(run: Run): void {
    if (!this.#before.has(run.id)) this.#before.set(run.id, this.#table.get(run.id));
    this.#after.set(run.id, run);
  }

  has(id: string): boolean {
    return this.#after.has(id);
  }

  /** @returns a database file with the changes. The table itself is as before. */
  export(): Uint8Array {
    const changed = [...this.#after.values()];
    const restored = [...this.#before.values()].filter(run => run !== undefined);
    const added = changed.map(({ id }) => id).filter(id => !this.#before.get(id));
    this.#table.change(changed);
    try {
      return this.#table.export();
    } finally {
      this.#table.change(restored, added);
    }
  }

  /** Makes the changes in the table. @returns the runs that changed. */
  apply(): Run[] {
    const changed = [...this.#after.values()];
    this.#table.change(changed);
    return changed;
  }
}
