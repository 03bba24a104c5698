import { buffer } from 'node:stream/consumers';
import { textOfPath } from '../../archive/entryPath.ts';
import type { Helper } from '../helper.ts';
import type { LeaveOut } from '../leaveOut.ts';
import { sendPatterns } from '../transport.ts';
import { unreadableCommand, WORKING } from './packCommand.ts';

export interface UnreadableOptions {
  signal: AbortSignal;
  /** Is called every 15 s while the walk gets on. */
  onWorking(): void;
}

/**
 * Looks for entries that the helper cannot read, before anything is packed. Entries that are left out of the archive do not count.
 * @returns names of at most `MOST_UNREADABLE` of them; below a directory that cannot be read nothing is known. Empty also where
 *   the helper image cannot tell: then tar fails at the first of them.
 * @throws StageError (stage `exec`), or the error of a connection that broke
 */
export async function findUnreadable(
  helper: Helper,
  leaveOut: LeaveOut,
  { signal, onWorking }: UnreadableOptions
): Promise<string[]> {
  signal.throwIfAborted();
  if (leaveOut.patterns.length > 0) await sendPatterns(helper, leaveOut.patterns);
  const running = await helper.exec(unreadableCommand(leaveOut), {
    onStderr: text => void (text.includes(WORKING) && onWorking()),
  });
  const stop = (): void => running.abort();
  signal.addEventListener('abort', stop);
  try {
    const [names] = await Promise.all([buffer(running.stdout), running.exit]);
    const all = names.toString('latin1').split('\0').slice(0, -1);
    return all.map(name => textOfPath(Buffer.from(name, 'latin1')));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
