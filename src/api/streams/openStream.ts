import { readEvents, type ServerEvent } from './eventStream';

/** The sidecar pings every 15 s: a stream that is silent for longer is held back by a proxy on the way. */
const SILENT_MS = 40_000;

export interface OpenStream {
  open(signal: AbortSignal): Promise<Response>;
  /** @returns whether that was enough. Pings are events, too. */
  take(event: ServerEvent): boolean | Promise<boolean>;
  /** Ends it. */
  signal: AbortSignal;
}

/**
 * Reads a stream of events to its end.
 *
 * @returns `final` when `take` had enough, `silent` when nothing came for long, `broken` when it ended by itself.
 * @throws what `open` and `take` throw.
 */
export async function readStream({
  open,
  take,
  signal,
}: OpenStream): Promise<'final' | 'broken' | 'silent'> {
  // While a place was waited for, the view may have gone.
  if (signal.aborted) return 'broken';
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
    const events = readEvents(body)[Symbol.asyncIterator]();
    for (;;) {
      // What the network throws is the end of the stream; what `take` throws is for the caller.
      const next = await events.next().catch(() => undefined);
      if (!next || next.done) return isSilent ? 'silent' : 'broken';
      clearTimeout(timer);
      timer = setTimeout(fallSilent, SILENT_MS);
      if (await take(next.value)) {
        await events.return(undefined);
        return 'final';
      }
    }
  } catch (error) {
    if (isSilent) return 'silent';
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    stop.abort();
  }
}
