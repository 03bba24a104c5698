import type { Stage } from '../../api/index.ts';
import type { RunChange } from './history.ts';
import type { Run } from './row.ts';
import { changedRun } from './row.ts';
import { StagedRows } from './stagedRows.ts';
import type { RunTable } from './table.ts';

/** Changes rows. It throws before it has put one, or not at all. */
export type Edit = (rows: StagedRows) => void;

export interface DurableTableOptions {
  /** Puts a whole database file on disk; resolves when it is there. */
  save: (bytes: Uint8Array) => Promise<void>;
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
 * The table in memory and its file. The table only ever shows changes that are on disk, and notes. All changes that
 * arrive while the file is being written go into the next write together; those of a write that failed are forgotten,
 * and whoever asked for them hears of it.
 */
export class DurableTable {
  readonly #table: RunTable;
  readonly #options: DurableTableOptions;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #inFlight: StagedRows | undefined;
  readonly #notes = new Map<string, RunChange>();
  #notesSettled = 0;
  #notesSaved = 0;
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

  /** Changes a run in the table now, and on disk with the next write or after `noteDelayMs`. */
  note(id: string, change: RunChange): void {
    this.#notes.set(id, { ...this.#notes.get(id), ...change });
    this.#saveNotesLater();
  }

  /** Brings the notes into the table; to be called before it is read. */
  settle(): void {
    for (const [id, change] of this.#notes) {
      // Its row is about to be replaced: the note goes on top afterwards.
      if (this.#inFlight?.has(id)) continue;
      this.#notes.delete(id);
      const run = this.#table.get(id);
      if (!run) continue;
      const noted = changedRun(run, change);
      this.#table.change([noted]);
      this.#options.onChange(noted);
      this.#notesSettled += 1;
    }
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
    this.settle();
    const rows = new StagedRows(this.#table);
    const accepted = group.filter(({ edit, reject }) => {
      try {
        edit(rows);
        return true;
      } catch (error) {
        reject(error);
        return false;
      }
    });
    const notesSettled = this.#notesSettled;
    try {
      this.#inFlight = rows;
      await this.#options.save(rows.export());
      rows.apply().forEach(this.#options.onChange);
    } catch (error) {
      for (const { stage, reject } of accepted) reject(this.#options.refusal(stage, error));
      return;
    } finally {
      this.#inFlight = undefined;
    }
    this.#notesSaved = notesSettled;
    for (const { resolve } of accepted) resolve();
  }

  #saveNotesLater(): void {
    this.#timer ??= setTimeout(() => {
      // A failure is told to whoever commits next; until then the notes are tried again.
      this.flush().catch(() => this.#saveNotesLater());
    }, this.#options.noteDelayMs).unref();
  }

  #hasUnsavedNotes(): boolean {
    return this.#notes.size > 0 || this.#notesSettled > this.#notesSaved;
  }
}
