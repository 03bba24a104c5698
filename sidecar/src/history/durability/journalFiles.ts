import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { readRecord } from './journalRecord.ts';

/** Goes up when a reader of the version before could misread a journal. */
export const JOURNAL_FORMAT = 2;

/** The first line of each file of a journal. */
export const JournalHeader = z.object({
  format: z.int(),
  /** Tells the history that it belongs to from every other. */
  history: z.string(),
  /** Version of the schema that its rows have. */
  schema: z.int(),
  /** Lowest schema version of an NKVM that reads it without misreading it; `schema` where it is not given. */
  readableFrom: z.int().optional(),
});
export type JournalHeader = z.infer<typeof JournalHeader>;

/** One file of a journal. It holds the records from `first` on, up to the `first` of the next file. */
export interface JournalFile {
  path: string;
  first: number;
}

export const journalPath = (path: string, first: number): string => `${path}.changes-${first}`;

/** @returns the files of the journal of a history file, oldest first. */
export async function journalFiles(path: string): Promise<JournalFile[]> {
  const [dir, start] = [dirname(path), `${basename(path)}.changes-`];
  return (await fs.readdir(dir))
    .filter(name => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)))
    .map(name => ({ path: join(dir, name), first: Number(name.slice(start.length)) }))
    .sort((a, b) => a.first - b.first);
}

/** @returns what the first line says; `undefined` when it is damaged. */
export async function headerOf({ path }: JournalFile): Promise<JournalHeader | undefined> {
  for await (const line of linesOf(path)) {
    return JournalHeader.safeParse(readRecord(line)?.value).data;
  }
  return undefined;
}

/** @returns the lines of a file without their line feeds; not what follows the last line feed. */
export async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield Buffer.concat([...begun, rest.subarray(0, end)]);
      begun = [];
      rest = rest.subarray(end + 1);
    }
    begun.push(rest);
  }
}
