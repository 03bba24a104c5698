import * as fs from 'node:fs/promises';
import { z } from 'zod';
import { textOf } from '../../errors.ts';
import type { Fence } from '../../fence.ts';
import { codeOf } from '../../files.ts';
import type { Log } from '../../log.ts';
import { fencedFiles } from './fencedFiles.ts';
import { replaceFile } from './wholeFile.ts';

/** A few values by name, also after a restart. Losing them costs a repetition, and never an archive. */
export interface Records<T> {
  get(name: string): T | undefined;
  /** Resolves when the value is on disk, or a warning is in the log. Undefined deletes it. */
  set(name: string, value: T | undefined): Promise<void>;
}

export interface RecordFileOptions<T> {
  value: z.ZodType<T>;
  /** For messages, e.g. `results of checks`. */
  what: string;
  fence: Fence;
  log: Pick<Log, 'warn'>;
}

/** Opens the JSON file at `path`. One that is missing or cannot be read has no values. */
export async function openRecordFile<T>(
  path: string,
  { value, what, fence, log }: RecordFileOptions<T>
): Promise<Records<T>> {
  const files = fencedFiles(fs, fence);
  const read = async (): Promise<[string, T][]> => {
    try {
      const content = z.record(z.string(), value);
      return Object.entries(content.parse(JSON.parse(await fs.readFile(path, 'utf8'))));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT')
        log.warn({ path }, `earlier ${what} in ${path} cannot be read: ${textOf(error)}`);
      return [];
    }
  };
  const values = new Map(await read());
  const write = async (): Promise<void> => {
    try {
      await replaceFile(path, Buffer.from(JSON.stringify(Object.fromEntries(values))), files);
    } catch (error) {
      log.warn({ path }, `${what} could not be written to ${path}: ${textOf(error)}`);
    }
  };
  let written: Promise<void> = Promise.resolve();
  return onMap(values, async () => {
    written = written.then(write); // one writer at a time
    await written;
  });
}

/** @returns values that end with the process. */
export const recordsInMemory = <T>(): Records<T> => onMap(new Map(), async () => undefined);

const onMap = <T>(values: Map<string, T>, changed: () => Promise<void>): Records<T> => ({
  get: name => values.get(name),
  async set(name, value) {
    if (value === undefined) values.delete(name);
    else values.set(name, value);
    await changed();
  },
});
