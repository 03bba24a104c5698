import type { BackupStatus } from '../../../sidecar/api';
import { isFinal } from '../final';
import { readStream } from './openStream';
import { takeSlot } from './slots';
import { wait } from './wait';

/** Anything that can be followed: it has a state, and finally one that does not change. */
export interface Followable {
  status: BackupStatus;
}

export interface Followed<T extends Followable> {
  read(): Promise<T>;
  /** Opens the stream of events. */
  open(signal: AbortSignal): Promise<Response>;
  /** The name of the event that brings it whole. */
  event: string;
  onChange(run: T): void;
  /** Is called with each event. @throws when the stream is not to go on, e.g. because another person has logged in. */
  confirm?(): Promise<void>;
  /** Ends it. */
  signal: AbortSignal;
}

const POLL_MS = 2_000;
/** A proxy holds the stream back, or the computer was asleep. */
const SILENT_FOR_MS = 5 * 60_000;

/**
 * Follows a run until it has ended, by its stream of events. Where the stream breaks off, stays silent or has no place
 * it reads the run and goes on: whatever is between the browser and the sidecar, the end is not missed.
 *
 * @throws what `read` throws: what is known of the run may then be out of date.
 */
export async function follow<T extends Followable>({
  read,
  open,
  event,
  onChange,
  confirm,
  signal,
}: Followed<T>): Promise<void> {
  let streamsFromMs = 0;
  const take = (run: T) => {
    if (!signal.aborted) onChange(run);
    return isFinal(run.status);
  };

  while (!signal.aborted) {
    if (Date.now() >= streamsFromMs) {
      const end = await followStream({ open, event, confirm, signal }, take);
      if (end === 'final') return;
      if (end === 'silent') streamsFromMs = Date.now() + SILENT_FOR_MS;
    }
    if (signal.aborted) return;
    if (take(await read())) return;
    await wait(POLL_MS, signal);
  }
}

async function followStream<T extends Followable>(
  {
    open,
    event: wanted,
    confirm,
    signal,
  }: Pick<Followed<T>, 'open' | 'event' | 'confirm' | 'signal'>,
  take: (run: T) => boolean
): Promise<'final' | 'broken' | 'silent'> {
  const giveBack = await takeSlot();
  if (!giveBack) return 'broken';
  try {
    return await readStream({
      open,
      async take({ event, data }) {
        await confirm?.();
        return event === wanted && take(JSON.parse(data) as T);
      },
      signal,
    });
  } catch {
    return 'broken';
  } finally {
    giveBack();
  }
}
