import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { codeOf } from '../../files.ts';

/**
 * Opens a file to read it, and nothing else. Others may be able to write into the directory: through a symbolic link they would have
 * NKVM read its own files and give them out as archives, and a pipe would hold a thread for ever.
 *
 * @throws StageError (stage `checksum`, reason `NotAFile`), or the error of the system call
 */
export async function openFile(path: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await fs.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(error => {
    throw codeOf(error) === 'ELOOP' ? notAFile('checksum', path) : error;
  });
  try {
    if ((await file.stat()).isFile()) return file;
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  throw notAFile('checksum', path);
}

/** @returns the refusal of what has the name of an archive and is a link, a directory or a device. */
export const notAFile = (stage: Stage, path: string): StageError =>
  new StageError(
    stage,
    'NotAFile',
    `${path} is a symbolic link or another thing that is not a plain file`,
    'find out who put it there; move the archive itself into the directory',
    'needs-action'
  );
