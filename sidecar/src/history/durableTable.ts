import type { Stage } from '../../api/index.ts';
import type { RunChange } from './history.ts';
import type { Run } from './row.ts';
import { changedRun } from './row.ts';
import { StagedRows } from './stagedRows.ts';
import type { RunTable } from './table.ts';

/** Changes rows. It throws before it has put one, or not at all. */
export type Edit = (rows: StagedRows) => void;

export interface DurableTableOptions {
  /**
   * Puts runs on disk, all or none.
   * @param isProgress nobody waits for them
   * @returns the record of the journal that holds them
   */
  save: (runs: readonly Run[], isProgress: boolean) => Promise<number>;
  /** Says in words why `save` failed. */
  refusal: (stage: Stage, error: unknown) => Error;
  /** Gets every run as it is now in the table. */
  onChange: (run: Run) => void;
  /** How long a note may stay off the disk. */
  noteDelayMs: number;
}

interface Waiting {
  stage: Stage;
  edit: Edit;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The table in memory and what is on disk. The table only ever shows changes that are on disk, and notes. All changes
 * that arrive during a write go into the next write together; those of a write that failed are forgotten, and whoever
 * asked for them hears of it.
 */
export class DurableTable {
  readonly #table: RunTable;
  readonly #options: DurableTableOptions;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #inFlight: StagedRows | undefined;
  /** Runs as notes made them, which the table does not have yet: a stream makes thousands of notes a second. */
  readonly #noted = new Map<string, Run>();
  /** Notes on rows that are about to be replaced: they go on top afterwards. */
  readonly #held = new Map<string, RunChange>();
  /** Runs whose notes are in the table and not on disk. */
  #unsaved = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(table: RunTable, options: DurableTableOptions) {
    this.#table = table;
    this.#options = options;
  }

  /**
   * @param stage where a run is that hears of a failure
   * @returns when the change is on disk
   * @throws what `edit` throws, or what `refusal` makes of a failed write
   */
  change(stage: Stage, edit: Edit): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ stage, edit, resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  /** @returns a run with its notes. */
  get(id: string): Run | undefined {
    return this.#noted.get(id) ?? this.#table.get(id);
  }

  /** Changes a run now, and on disk with the next write or after `noteDelayMs`. @returns false for an unknown run. */
  note(id: string, change: RunChange): boolean {
    const run = this.get(id);
    if (!run) return false;
    if (this.#inFlight?.has(id)) this.#held.set(id, { ...this.#held.get(id), ...change });
    else this.#noted.set(id, changedRun(run, change));
    this.#saveNotesLater();
    return true;
  }

  /** Brings the notes into the table; to be called before more than one run is read. */
  settle(): void {
    if (this.#noted.size === 0) return;
    const runs = [...this.#noted.values()];
    this.#noted.clear();
    this.#table.change(runs);
    runs.forEach(this.#options.onChange);
    for (const { id } of runs) this.#unsaved.add(id);
  }

  /** Puts on disk what is not there yet. @throws what `refusal` makes of a failed write */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length > 0 || this.#inFlight || this.#hasUnsavedNotes()) {
      await this.change('publish', () => {});
    }
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // Whoever asks in the same turn shares the first write.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0) await this.#writeGroup(this.#waiting.splice(0));
    } finally {
      this.#isWriting = false;
    }
  }

  /** Never throws: each of the group hears of its own end. */
  async #writeGroup(group: Waiting[]): Promise<void> {
    let accepted = group;
    let noted = new Set<string>();
    try {
      this.settle();
      const rows = new StagedRows(this.#table);
      accepted = group.filter(waiting => isAccepted(waiting, rows));
      if (accepted.length === 0) return;
      const changed = rows.changed();
      this.#table.rehearse(changed);
      this.#inFlight = rows;
      [noted, this.#unsaved] = [this.#unsaved, noted];
      const progress = [...noted].filter(id => !rows.has(id)).map(id => this.#table.get(id));
      const runs = [...progress.filter(run => run !== undefined), ...changed];
      if (runs.length > 0) {
        const sequence = await this.#options.save(runs, changed.length === 0);
        this.#table.change(changed, sequence);
        changed.forEach(this.#options.onChange);
      }
    } catch (error) {
      for (const id of noted) this.#unsaved.add(id);
      for (const { stage, reject } of accepted) reject(this.#options.refusal(stage, error));
      return;
    } finally {
      this.#inFlight = undefined;
      this.#noteHeld();
    }
    for (const { resolve } of accepted) resolve();
  }

  #noteHeld(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const [id, change] of held) this.note(id, change);
  }

  #saveNotesLater(): void {
    this.#timer ??= setTimeout(() => {
      // A failure is told to whoever commits next; until then the notes are tried again.
      this.flush().catch(() => this.#saveNotesLater());
    }, this.#options.noteDelayMs).unref();
  }

  #hasUnsavedNotes(): boolean {
    return this.#noted.size > 0 || this.#unsaved.size > 0;
  }
}

/** Makes the edit, or tells whoever asked for it why not. */
function isAccepted({ edit, reject }: Waiting, rows: StagedRows): boolean {
  try {
    edit(rows);
    return true;
  } catch (error) {
    reject(error);
    return false;
  }
}
