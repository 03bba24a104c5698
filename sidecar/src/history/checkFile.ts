import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { textOf } from '../errors.ts';
import { codeOf } from '../files.ts';
import { PROGRAM_PATH } from '../programs.ts';

/** The verdict on a history file; `unknown`: this machine has no `sqlite3`. */
export type FileVerdict = { is: 'sound' } | { is: 'damaged' | 'unknown'; why: string };

/**
 * Checks the history file as it is on disk, by another process: it may be big, and this one has other work. The file is
 * replaced as a whole by each checkpoint, so that it is always complete.
 * @throws the signal's reason
 */
export async function checkFile(path: string, signal: AbortSignal): Promise<FileVerdict> {
  try {
    const { stdout } = await promisify(execFile)(
      'sqlite3',
      [
        '-readonly',
        '-batch',
        path,
        'PRAGMA ignore_check_constraints = ON; PRAGMA integrity_check(1)',
      ],
      { signal, env: { PATH: PROGRAM_PATH } }
    );
    const said = stdout.trim();
    return said === 'ok' ? { is: 'sound' } : { is: 'damaged', why: said };
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) === 'ENOENT') return { is: 'unknown', why: 'sqlite3 is not installed here' };
    return { is: 'damaged', why: textOf(error).split('\n').slice(1).join(' ') || textOf(error) };
  }
}
