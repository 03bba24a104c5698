import type { VolumesChange } from '../../../sidecar/api';
import { failureOf } from '../failure';
import { readStream } from './openStream';
import { takeSlot } from './slots';
import { wait } from './wait';

export interface FollowedChanges {
  /** Opens the stream of changes. */
  open(signal: AbortSignal): Promise<Response>;
  /** The list is to be read: what happened before this is not among the changes. */
  onReady(): void;
  onChange(change: VolumesChange): void;
  /** There is no stream for a while: views have to poll. */
  onLost(): void;
  /**
   * Is called with each event, at least every 15 s.
   * @throws when the stream is not to go on, e.g. because another person has logged in.
   */
  confirm(): Promise<void>;
  /** Ends it. */
  signal: AbortSignal;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** A sidecar without this stream, or a proxy that holds it back, is not asked again soon. */
const HOPELESS_MS = 5 * 60_000;

/** Follows the changes of a cluster's volumes until `signal` aborts. */
export async function followChanges(followed: FollowedChanges): Promise<void> {
  const { signal } = followed;
  let retryMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    const giveBack = await takeSlot();
    let isReady = false;
    let end: 'final' | 'broken' | 'silent' | 'missing' = 'broken';
    if (giveBack) {
      try {
        end = await readStream({
          open: followed.open,
          async take({ event, data }) {
            await followed.confirm();
            if (signal.aborted || event === 'end') return true;
            if (event === 'ready') {
              isReady = true;
              followed.onReady();
            }
            if (event === 'change') followed.onChange(JSON.parse(data) as VolumesChange);
            return false;
          },
          signal,
        });
      } catch (error) {
        if (failureOf(error).status === 404) end = 'missing';
      } finally {
        giveBack();
      }
    }
    if (signal.aborted) return;
    followed.onLost();
    if (isReady) retryMs = FIRST_RETRY_MS;
    const isHopeless = end === 'missing' || (end === 'silent' && !isReady);
    await wait(isHopeless ? HOPELESS_MS : retryMs, signal);
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
  }
}
