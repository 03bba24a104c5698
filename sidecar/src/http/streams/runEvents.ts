import type { BackupStatus } from '../../../api/index.ts';
import type { EventStream } from './eventStreams.ts';

/** Bytes flow often; people read four times a second. */
const LEAST_GAP_MS = 250;

/** A run in the form in which it is sent. */
export interface Followed {
  status: BackupStatus;
}

const hasEnded = ({ status }: Followed): boolean => status !== 'queued' && status !== 'running';

/**
 * Sends a run as events until it has ended. The run is read when it is sent, not when it changes: a slow client
 * misses states in between, never the last one, and fills no memory.
 * @param event name of the events
 * @param read the run as the caller may see it; undefined: it is not there any more.
 * @returns `changed`, to be called after changes and whenever the run may have changed, and `stop`.
 */
export function runEvents(
  event: string,
  stream: () => EventStream | undefined,
  read: () => Followed | undefined
) {
  let isDue = false;
  let gap: NodeJS.Timeout | undefined;
  let last = '';
  const flush = (): void => {
    const to = stream();
    if (!isDue || !to?.isOpen || !to.isClear) return;
    isDue = false;
    const run = read();
    if (!run) return to.end();
    const text = JSON.stringify(run);
    if (text === last) return;
    last = text;
    to.send(event, run);
    if (hasEnded(run)) return to.end();
    gap = setTimeout(() => {
      gap = undefined;
      flush();
    }, LEAST_GAP_MS);
  };
  return {
    changed(): void {
      isDue = true;
      if (!gap) flush();
    },
    stop: () => clearTimeout(gap),
  };
}
