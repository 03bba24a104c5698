import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../files.ts';
import type { JournalFile, JournalHeader } from './journalFiles.ts';
import { journalPath } from './journalFiles.ts';
import { writeRecord } from './journalRecord.ts';
import type { FileCalls } from './wholeFile.ts';
import { MODE, temporaryOf } from './wholeFile.ts';

const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;

const nothing = () => undefined;

export interface JournalOptions {
  /** Of the history file. */
  path: string;
  header: JournalHeader;
  /** Sequence of the first record that will be appended. */
  next: number;
  files: FileCalls;
}

/** A file that takes no more records, and the sequence of its last. */
type FullFile = JournalFile & { last: number };

/**
 * Changes that the history file does not have yet: beside it, one line for each group of changes. A file of the
 * journal goes when the history file holds all of its records.
 */
export class Journal {
  readonly #options: JournalOptions;
  #file: FileHandle;
  #first: number;
  #next: number;
  /** Size of all that is acknowledged. */
  #bytes: number;
  /** Something may lie behind `#bytes` that nobody was told of. */
  #isTorn = false;
  /** The name of the file may be forgotten by a crash. */
  #isNameless = true;
  #full: FullFile[] = [];
  /** The last record that the history file holds, too. */
  #contained: number;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: JournalOptions, begun: BegunFile) {
    this.#options = options;
    this.#file = begun.file;
    this.#bytes = begun.bytes;
    this.#first = options.next;
    this.#next = options.next;
    this.#contained = options.next - 1;
  }

  /** Begins a file; a file of that name is overwritten. @throws what a failed system call threw */
  static async begin(options: JournalOptions): Promise<Journal> {
    const journal = new Journal(options, await beginFile(options, options.next));
    await journal.#keepName();
    return journal;
  }

  /** Sequence of the last record that is on disk. */
  get last(): number {
    return this.#next - 1;
  }

  /**
   * @param value becomes one record, which is read back whole or not at all
   * @returns its sequence when it is on disk
   * @throws what a failed system call threw; the record will not be read back then
   */
  append(value: unknown): Promise<number> {
    return this.#inTurn(async () => {
      if (this.#isTorn) await this.#cutOff();
      if (this.#isNameless) await this.#keepName();
      const line = writeRecord({ sequence: this.#next, value });
      this.#isTorn = true;
      try {
        await this.#file.writeFile(line);
        await this.#file.datasync();
      } catch (error) {
        // Where even this fails it is tried again before the next record, or a new file makes it void.
        await this.#cutOff().catch(nothing);
        throw error;
      }
      this.#isTorn = false;
      this.#bytes += line.length;
      this.#next += 1;
      return this.last;
    });
  }

  /** Lets the records to come go to a new file. */
  rotate(): Promise<void> {
    return this.#inTurn(async () => {
      const isEmpty = this.#next === this.#first;
      if (isEmpty && !this.#isTorn) return;
      const { file, bytes } = await beginFile(this.#options, this.#next);
      await this.#file.close().catch(nothing);
      if (!isEmpty) this.#full.push({ ...this.#current(), last: this.last });
      this.#file = file;
      this.#bytes = bytes;
      this.#first = this.#next;
      this.#isTorn = false;
      this.#isNameless = true;
      await this.#keepName();
    });
  }

  /** The history file contains all records up to `sequence`: deletes the files that are no longer needed. */
  drop(sequence: number): Promise<void> {
    return this.#inTurn(async () => {
      this.#contained = sequence;
      const needless = this.#full.filter(({ last }) => last <= sequence);
      for (const { path } of needless) await fs.rm(path, { force: true });
      this.#full = this.#full.filter(file => !needless.includes(file));
    });
  }

  /** Lets go of the file, and takes it away when the history file holds all its records. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#file.close();
      if (this.last <= this.#contained) await fs.rm(this.#current().path, { force: true });
    });
  }

  #current(): JournalFile {
    return { path: journalPath(this.#options.path, this.#first), first: this.#first };
  }

  async #cutOff(): Promise<void> {
    await this.#file.truncate(this.#bytes);
    await this.#file.datasync();
    this.#isTorn = false;
  }

  async #keepName(): Promise<void> {
    await syncDirectory(dirname(this.#options.path));
    this.#isNameless = false;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(nothing);
    return done;
  }
}

interface BegunFile {
  file: FileHandle;
  /** Size of its first line. */
  bytes: number;
}

/** Its first line is on disk when the promise resolves. After a failure an older file of that name is as it was. */
async function beginFile(
  { path, header, files }: JournalOptions,
  first: number
): Promise<BegunFile> {
  const temporary = temporaryOf(journalPath(path, first));
  const file = await files.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, MODE);
  try {
    const line = writeRecord({ sequence: first, value: header });
    await file.writeFile(line);
    await file.sync();
    await files.rename(temporary, journalPath(path, first));
    return { file, bytes: line.length };
  } catch (error) {
    await file.close().catch(nothing);
    await fs.rm(temporary, { force: true }).catch(nothing);
    throw error;
  }
}
