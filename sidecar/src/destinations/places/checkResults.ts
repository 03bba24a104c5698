import * as fs from 'node:fs/promises';
import { z } from 'zod';
import { AppendOnly } from '../../../api/index.ts';
import { textOf } from '../../errors.ts';
import type { Fence } from '../../fence.ts';
import { codeOf } from '../../files.ts';
import { fencedFiles } from '../../history/fencedFiles.ts';
import { replaceFile } from '../../history/wholeFile.ts';
import type { Log } from '../../log.ts';

/** The last result of each destination, also after a restart. */
export interface CheckResults {
  /** @param location a result of the same name at another place does not count */
  get(name: string, location: string): AppendOnly | null;
  /** Resolves when the result is on disk, or a warning is in the log. */
  set(name: string, location: string, result: AppendOnly): Promise<void>;
}

/** The content of the file: location and result by name of the destination. */
const Content = z.record(z.string(), z.object({ location: z.string(), result: AppendOnly }));

export interface CheckResultsOptions {
  fence: Fence;
  log: Pick<Log, 'warn'>;
}

/** @returns where the results are, beside the history file. */
export const checkResultsPath = (historyPath: string): string => `${historyPath}.append-only.json`;

/** Opens the file at `path`. One that is missing or cannot be read holds no results: a check can be repeated at any time. */
export async function openCheckResults(
  path: string,
  { fence, log }: CheckResultsOptions
): Promise<CheckResults> {
  const files = fencedFiles(fs, fence);
  const results = new Map(await read(path, log));
  let written: Promise<void> = Promise.resolve();

  const write = async (): Promise<void> => {
    try {
      await replaceFile(path, Buffer.from(JSON.stringify(Object.fromEntries(results))), files);
    } catch (error) {
      log.warn({ path }, `the results of checks could not be written to ${path}: ${textOf(error)}`);
    }
  };
  return {
    get(name, location) {
      const found = results.get(name);
      return found?.location === location ? found.result : null;
    },
    async set(name, location, result) {
      results.set(name, { location, result });
      written = written.then(write); // one writer at a time
      await written;
    },
  };
}

async function read(path: string, log: Pick<Log, 'warn'>) {
  try {
    return Object.entries(Content.parse(JSON.parse(await fs.readFile(path, 'utf8'))));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT')
      log.warn(
        { path },
        `the results of earlier checks in ${path} cannot be read: ${textOf(error)}`
      );
    return [];
  }
}
