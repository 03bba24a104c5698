import type { Backup } from '../../sidecar/api';
import { isFinal } from './final';
import { readStream } from './openStream';
import { takeSlot } from './slots';
import { wait } from './wait';

export interface Followed {
  read(): Promise<Backup>;
  /** Opens the stream of events. */
  open(signal: AbortSignal): Promise<Response>;
  onBackup(backup: Backup): void;
  /** Is called with each event. @throws when the stream is not to go on, e.g. because another person has logged in. */
  confirm?(): Promise<void>;
  /** Ends it. */
  signal: AbortSignal;
}

const POLL_MS = 2_000;

/**
 * Follows a run until it has ended, by its stream of events. Where the stream breaks off, stays silent or has no place
 * it reads the run and goes on: whatever is between the browser and the sidecar, the end is not missed.
 *
 * @throws what `read` throws: what is known of the run may then be out of date.
 */
export async function follow({ read, open, onBackup, confirm, signal }: Followed): Promise<void> {
  let isStreaming = true;
  const take = (backup: Backup) => {
    if (!signal.aborted) onBackup(backup);
    return isFinal(backup.status);
  };

  while (!signal.aborted) {
    if (isStreaming) {
      const end = await followStream(open, confirm, take, signal);
      if (end === 'final') return;
      isStreaming = end !== 'silent';
    }
    if (signal.aborted) return;
    if (take(await read())) return;
    await wait(POLL_MS, signal);
  }
}

async function followStream(
  open: Followed['open'],
  confirm: Followed['confirm'],
  take: (backup: Backup) => boolean,
  signal: AbortSignal
): Promise<'final' | 'broken' | 'silent'> {
  const giveBack = takeSlot();
  if (!giveBack) return 'broken';
  try {
    return await readStream({
      open,
      async take({ event, data }) {
        await confirm?.();
        return event === 'backup' && take(JSON.parse(data) as Backup);
      },
      signal,
    });
  } catch {
    return 'broken';
  } finally {
    giveBack();
  }
}
