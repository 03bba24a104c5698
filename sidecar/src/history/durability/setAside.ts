import * as fs from 'node:fs/promises';
import { codeOf } from '../../files.ts';

/** @returns a time as names of files have it: `yyyymmddThhmmssZ`. */
export const stampOf = (at: Date): string => at.toISOString().replace(/[-:]|\.\d{3}/g, '');

/** Gives a file that cannot be used a name that nobody reads, never that of an earlier one. @returns the new name. */
export async function setAside(path: string, at: Date): Promise<string> {
  for (let number = 1; ; number += 1) {
    const aside = `${path}.corrupt-${stampOf(at)}${number > 1 ? `-${number}` : ''}`;
    try {
      await fs.access(aside);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      await fs.rename(path, aside);
      return aside;
    }
  }
}
