import { access, constants, mkdir } from 'node:fs/promises';
import { textOf } from '../../errors.ts';

/**
 * Makes a directory that NKVM writes to, where it is not there yet.
 * @param setting the variable that names it
 * @throws Error of one line that names the setting and what it takes
 */
export async function prepareDirectory(setting: string, dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(
      `${setting} takes a directory that NKVM may write to; ${dir} is not one (${textOf(error)})`
    );
  }
}
