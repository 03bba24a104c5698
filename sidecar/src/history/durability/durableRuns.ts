import type { Stage } from '../../../api/index.ts';
import type { RunChange } from '../history.ts';
import type { Entry } from '../queries/entries.ts';
import type { Run } from '../queries/row.ts';
import { changedRun } from '../queries/row.ts';
import type { RunTable } from '../schema/table.ts';
import { Batches } from './batches.ts';
import { StagedRows } from './stagedRows.ts';

/** Changes runs. It throws before it has put one, or not at all. */
export type Edit = (rows: StagedRows) => void;

export interface DurableRunsOptions {
  /**
   * Puts changes on disk, all or none.
   * @param isProgress nobody waits for them
   * @returns the record of the journal that holds them
   * @throws StageError with the stage `stage`
   */
  save: (entries: readonly Entry[], isProgress: boolean) => Promise<number>;
  /** @returns the error for a caller whose run is at `stage`. */
  refusal: (stage: Stage, error: unknown) => Error;
  /** Is called with every run that has changed, after the change. */
  onChange: (run: Run) => void;
  /** Is called with every run that has left the history, after that. */
  onRemoved: (run: Run) => void;
  /** How long progress may stay off the disk. */
  noteDelayMs: number;
}

/** A change that waits for its write, and its caller. */
interface Change {
  stage: Stage;
  edit: Edit;
  /** It is written although it changes nothing. */
  isProbe: boolean;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Runs in memory, which only ever show what is on disk, and progress.
 *
 *     change (callers wait)          note (nobody waits)
 *        |                              |
 *     #writes: batches               #progress: the newest of each run
 *        |                              |
 *        +-------------+----------------+    one write at a time
 *                      |                     #progressInWrite: what the write has of it
 *                   journal                  on disk
 *                      |
 *                    table                   in memory
 *                      |
 *     readers see a run of the table, with #progressInWrite and then #progress on top
 *
 * When a write fails, the callers of its changes get the error and its progress goes back to #progress.
 */
export class DurableRuns {
  readonly #table: RunTable;
  readonly #options: DurableRunsOptions;
  readonly #writes = new Batches<Change>(batch => this.#write(batch));
  #progress = new Map<string, RunChange>();
  #progressInWrite = new Map<string, RunChange>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(table: RunTable, options: DurableRunsOptions) {
    this.#table = table;
    this.#options = options;
  }

  /**
   * @param stage named in the error when the write fails
   * @returns when the change is on disk
   * @throws what `edit` throws, or what `refusal` makes of a failed write
   */
  change(stage: Stage, edit: Edit, isProbe = false): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('history is closed'));
    return new Promise((resolve, reject) =>
      this.#writes.add({ stage, edit, isProbe, resolve, reject })
    );
  }

  /** @returns a run with its progress. */
  get(id: string): Run | undefined {
    const run = this.#table.get(id);
    return run && this.withProgress(run);
  }

  /** @returns a run of the table with its progress. */
  withProgress(run: Run): Run {
    const inWrite = this.#progressInWrite.get(run.id);
    const newest = this.#progress.get(run.id);
    return inWrite || newest ? changedRun(run, { ...inWrite, ...newest }) : run;
  }

  hasProgress(id: string): boolean {
    return this.#progress.has(id) || this.#progressInWrite.has(id);
  }

  /** Notes the progress of a run. It is on disk with the next write, or after `noteDelayMs`. @returns the run, if any */
  note(id: string, change: RunChange): Run | undefined {
    const run = this.#table.get(id);
    if (!run) return undefined;
    this.#progress.set(id, { ...this.#progress.get(id), ...change });
    this.#saveProgressLater();
    return this.withProgress(run);
  }

  /** Takes no more changes. Call `flush` before. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Puts on disk what is not there yet. @throws what `refusal` makes of a failed write */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#writes.isIdle || this.#progress.size > 0) await this.change('publish', () => {});
  }

  /** Never throws: each caller gets the end of its own change. */
  async #write(batch: Change[]): Promise<void> {
    this.#progressInWrite = this.#progress;
    this.#progress = new Map();
    const rows = new StagedRows(id => this.get(id));
    const accepted = batch.filter(change => isAccepted(change, rows));
    const changed = rows.changed();
    const removed = rows.removed();
    const isProgress = changed.length + removed.length === 0;
    for (const id of this.#progressInWrite.keys()) {
      const run = rows.get(id);
      if (run && !changed.includes(run)) changed.push(run);
    }
    try {
      const isWanted = changed.length + removed.length > 0;
      if (isWanted || accepted.some(({ isProbe }) => isProbe)) {
        const entries = [
          ...this.#table.entriesFor(changed),
          ...this.#table.entriesWithout(removed),
        ];
        this.#table.rehearse(entries);
        const sequence = await this.#options.save(entries, isProgress);
        this.#table.apply(entries, sequence);
      }
    } catch (error) {
      this.#takeBackProgress();
      for (const { stage, reject } of accepted) reject(this.#options.refusal(stage, error));
      return;
    }
    this.#progressInWrite = new Map();
    changed.forEach(this.#options.onChange);
    removed.forEach(this.#options.onRemoved);
    for (const { resolve } of accepted) resolve();
  }

  /** Changes that were noted during the write are newer. */
  #takeBackProgress(): void {
    const noted = this.#progress;
    this.#progress = this.#progressInWrite;
    this.#progressInWrite = new Map();
    for (const [id, change] of noted) {
      this.#progress.set(id, { ...this.#progress.get(id), ...change });
    }
  }

  #saveProgressLater(): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      // The next commit fails with the same error; until then it is tried again.
      this.flush().catch(() => this.#saveProgressLater());
    }, this.#options.noteDelayMs).unref();
  }
}

/** Makes the edit, or gives its caller the reason why not. */
function isAccepted({ edit, reject }: Change, rows: StagedRows): boolean {
  try {
    edit(rows);
    return true;
  } catch (error) {
    reject(error);
    return false;
  }
}
