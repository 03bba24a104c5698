import { z } from 'zod';
import { AppendOnly } from '../../../api/index.ts';
import type { RecordFileOptions, Records } from '../../history/durability/recordFile.ts';
import { openRecordFile } from '../../history/durability/recordFile.ts';

/** The last result of each destination, also after a restart. */
export interface CheckResults {
  /** @param location a result of the same name at another place does not count */
  get(name: string, location: string): AppendOnly | null;
  /** Resolves when the result is on disk, or a warning is in the log. */
  set(name: string, location: string, result: AppendOnly): Promise<void>;
}

const Located = z.object({ location: z.string(), result: AppendOnly });
type Located = z.infer<typeof Located>;

/** @returns where the results are, beside the history file. */
export const checkResultsPath = (historyPath: string): string => `${historyPath}.append-only.json`;

/** Opens the file at `path`. One that is missing or cannot be read holds no results: a check can be repeated at any time. */
export const openCheckResults = async (
  path: string,
  options: Pick<RecordFileOptions<Located>, 'fence' | 'log'>
): Promise<CheckResults> =>
  checkResultsIn(
    await openRecordFile(path, { ...options, value: Located, what: 'results of checks' })
  );

/** @returns results by name and location. */
export const checkResultsIn = (records: Records<Located>): CheckResults => ({
  get(name, location) {
    const found = records.get(name);
    return found?.location === location ? found.result : null;
  },
  set: (name, location, result) => records.set(name, { location, result }),
});
