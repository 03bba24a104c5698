import type { Backup } from '../../sidecar/api';
import { readEvents } from './eventStream';
import { failureOf } from './failure';
import { isFinal } from './final';

export interface Followed {
  read(): Promise<Backup>;
  /** Opens the stream of events. */
  open(signal: AbortSignal): Promise<Response>;
  onBackup(backup: Backup): void;
  /** Ends it. */
  signal: AbortSignal;
}

/** The sidecar pings every 15 s: a stream that is silent for longer is held back by something in between. */
const SILENT_MS = 40_000;
const POLL_MS = 2_000;

/**
 * Follows a run until it has ended, by its stream of events. Where the stream breaks off or stays silent it reads the
 * run and goes on: whatever lies between the browser and the sidecar, the end is not missed.
 *
 * @throws Error{status} when the run is not there (any more) or may not be seen.
 */
export async function follow({ read, open, onBackup, signal }: Followed): Promise<void> {
  let isStreaming = true;
  const take = (backup: Backup) => {
    if (!signal.aborted) onBackup(backup);
    return isFinal(backup.status);
  };

  while (!signal.aborted) {
    if (isStreaming) {
      const end = await followStream(open, take, signal);
      if (end === 'final') return;
      isStreaming = end !== 'silent';
    }
    if (signal.aborted) return;
    try {
      if (take(await read())) return;
    } catch (error) {
      if ([401, 403, 404].includes(failureOf(error).status)) throw error;
      // Whatever else it is may pass: the sidecar restarts, the network is gone for a moment.
    }
    await wait(POLL_MS, signal);
  }
}

/** @returns why it stopped; `broken` is worth another stream. */
async function followStream(
  open: Followed['open'],
  take: (backup: Backup) => boolean,
  signal: AbortSignal
): Promise<'final' | 'broken' | 'silent'> {
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  signal.addEventListener('abort', onAbort);
  let isSilent = false;
  const fallSilent = () => {
    isSilent = true;
    stop.abort();
  };
  let timer = setTimeout(fallSilent, SILENT_MS);
  try {
    const { body } = await open(stop.signal);
    if (!body) return 'broken';
    for await (const { event, data } of readEvents(body)) {
      clearTimeout(timer);
      timer = setTimeout(fallSilent, SILENT_MS);
      if (event === 'backup' && take(JSON.parse(data) as Backup)) return 'final';
    }
    return 'broken';
  } catch {
    return isSilent ? 'silent' : 'broken';
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves early when `signal` aborts. */
const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
