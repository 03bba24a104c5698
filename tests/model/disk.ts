import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import type { LocalFiles } from '../../sidecar/src/destinations/directory/localWrite.ts';
import type { FileCalls } from '../../sidecar/src/history/durability/wholeFile.ts';
import type { Life } from './life.ts';

/** Faults of a file system. */
export type Trouble = 'ENOSPC' | 'EROFS';

/** The disk of archives and history. It outlives the sidecar, which has its calls from here. */
export class Disk {
  /** Faults of new archives; existing ones can be read and removed. */
  trouble: Trouble | undefined;
  /** Whether the histories cannot be written, either. */
  isFull = false;
  readonly #closers: (() => Promise<unknown>)[] = [];

  archiveFilesFor(life: Life): LocalFiles {
    return {
      open: (...words) =>
        life.pass(async () => {
          this.#refuse('open');
          const file = await this.#open(...words);
          this.#watchWrites(file, life);
          return file;
        }),
      link: (...words) =>
        life.pass(() => {
          this.#refuse('link');
          return fs.link(...words);
        }),
    };
  }

  historyFilesFor(life: Life): FileCalls {
    return {
      open: (...words) =>
        life.pass(async () => {
          this.#refuseHistory('open');
          const file = await this.#open(...words);
          const { writeFile, sync, datasync, truncate, close } = file;
          const calls = { writeFile, sync, datasync, truncate, close };
          for (const [name, call] of Object.entries(calls)) {
            const effect = (...args: unknown[]) =>
              life.pass(() => {
                if (name === 'writeFile') this.#refuseHistory(name);
                return (call as (...args: unknown[]) => Promise<void>).apply(file, args);
              });
            Object.assign(file, { [name]: effect });
          }
          return file;
        }),
      rename: (...words) => life.pass(() => fs.rename(...words)),
    };
  }

  /** Makes the whole disk full: archives and histories. */
  fill(): void {
    this.trouble = 'ENOSPC';
    this.isFull = true;
  }

  heal(): void {
    this.trouble = undefined;
    this.isFull = false;
  }

  /** Closes what killed sidecars had open. */
  async close(): Promise<void> {
    // A file is closed when the stream to it has let go of it.
    for (const close of this.#closers.reverse()) await close();
  }

  async #open(...words: Parameters<typeof fs.open>): Promise<FileHandle> {
    const file = await fs.open(...words);
    this.#closers.push(file.close.bind(file));
    return file;
  }

  /** Lets each piece of a stream meet the disk as it is at that moment. */
  #watchWrites(file: FileHandle, life: Life): void {
    const streamTo = file.createWriteStream.bind(file);
    file.createWriteStream = options => {
      const sink = streamTo(options);
      this.#closers.push(async () => void sink.destroy());
      const write = sink._write.bind(sink);
      sink._write = (chunk, encoding, done) => {
        const written = life.pass(
          () =>
            new Promise<void>((resolve, reject) => {
              this.#refuse('write');
              write(chunk, encoding, error => (error ? reject(error) : resolve()));
            })
        );
        written.then(() => done(), done);
      };
      return Object.assign(sink, { _writev: null });
    };
  }

  #refuseHistory(call: string): void {
    if (this.isFull) throw refusal('ENOSPC', call);
  }

  #refuse(call: string): void {
    if (this.trouble) throw refusal(this.trouble, call);
  }
}

const refusal = (code: Trouble, call: string): Error =>
  Object.assign(new Error(`${code}: ${call}`), { code, syscall: call });
