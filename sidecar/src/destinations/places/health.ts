import type { DestinationState } from '../../../api/index.ts';
import { withoutArchiveNames } from '../../archive/name.ts';
import { StageError } from '../../errors.ts';
import type { Destination } from '../destination.ts';
import type { PlaceOutage } from '../places.ts';
import type { Breaker, CallKind } from './breaker.ts';
import { breaker } from './breaker.ts';

/** Thrown by `Place.use` while nothing is sent to a destination. */
export class PausedError extends StageError {
  /** When it is tried again. */
  readonly retryAt: Date;

  constructor(name: string, retryAt: Date, last: StageError | undefined) {
    // It was about the archive of somebody else, perhaps.
    const why = last ? `: ${withoutArchiveNames(last.message)}` : '';
    const message = `destination ${name} failed several times in a row and is paused${why}`;
    const hint = last ? withoutArchiveNames(last.hint) : 'see its page; NKVM tries again by itself';
    super(...(['queue', 'DestinationPaused', message, hint, 'transient'] as const), {
      cause: last,
    });
    this.retryAt = retryAt;
  }
}

/** The health of a destination. */
export interface Health {
  /** @throws PausedError */
  enter(): void;
  succeeded(kind: CallKind): void;
  failed(kind: CallKind, blamed: 'outage' | 'fault', error: unknown): void;
  state(): Exclude<DestinationState, 'invalid'>;
  /** @returns what the last call of a kind that does not work failed with. */
  problem(): StageError | undefined;
  retryAt(): Date | undefined;
  outage(): PlaceOutage | undefined;
  /** Ends the looks. */
  stop(): void;
}

export interface HealthOptions {
  name: string;
  /** Undefined: nothing is ever paused. @returns a destination to look at */
  lookAt: (() => Destination) | undefined;
  now(): number;
  onChange(): void;
  /** Between two looks while it is suspect. */
  againMs?: number | undefined;
}

/** A key that no archive has: asking for it costs as little as a call can cost. */
const NO_SUCH_KEY = 'nkvm-look';
const LOOK_MS = 15_000;
const AGAIN_MS = 2_000;

export function healthOf({
  name,
  lookAt,
  now,
  onChange,
  againMs = AGAIN_MS,
}: HealthOptions): Health {
  const fuse: Breaker | undefined = lookAt && breaker();
  const problems: Record<CallKind, StageError | undefined> = { write: undefined, read: undefined };
  let wasUsed = false;
  let awaySince: number | undefined;
  let isLooking = false;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const last = () => problems.write ?? problems.read;
  const later = (ms: number): void => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(() => void look(), ms).unref();
  };

  /** The calls of the destination report the result themselves. */
  const look = async (): Promise<void> => {
    if (!lookAt || !fuse || isLooking || isStopped) return;
    isLooking = true;
    try {
      await lookAt().stat(NO_SUCH_KEY, { signal: AbortSignal.timeout(LOOK_MS) });
    } catch (error) {
      const isLate = !(error instanceof StageError);
      if (isLate) failed('read', 'outage', lookFailed(name));
    } finally {
      isLooking = false;
    }
    if (fuse.isSuspect()) later(againMs);
  };

  const failed: Health['failed'] = (kind, blamed, error) => {
    wasUsed = true;
    problems[kind] = error instanceof StageError ? error : lookFailed(name);
    if (blamed === 'outage' && fuse) {
      awaySince ??= now();
      fuse.failed(kind, now());
      const until = fuse.pausedUntil();
      if (until !== undefined) later(Math.max(0, until - now()));
      else if (!isLooking) later(0);
    }
    onChange();
  };

  return {
    enter() {
      const until = fuse?.enter(now());
      if (until !== undefined) throw new PausedError(name, new Date(until), last());
    },
    succeeded(kind) {
      const isNews = !wasUsed || last() !== undefined;
      wasUsed = true;
      problems[kind] = undefined;
      if (kind === 'write') problems.read = undefined;
      fuse?.succeeded(kind);
      if (!last()) awaySince = undefined;
      if (isNews) onChange();
    },
    failed,
    state() {
      if (fuse?.pausedUntil() !== undefined) return 'paused';
      if (last()) return 'failing';
      return wasUsed ? 'ready' : 'unknown';
    },
    problem: last,
    retryAt() {
      const until = fuse?.pausedUntil();
      return until === undefined ? undefined : new Date(until);
    },
    outage: () =>
      awaySince === undefined
        ? undefined
        : {
            since: awaySince,
            isPaused: fuse?.pausedUntil() !== undefined,
            isClosed: fuse?.pausedUntil() !== undefined || fuse?.isSuspect() === true,
          },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

const lookFailed = (name: string): StageError =>
  new StageError(
    'copy',
    'DestinationTimedOut',
    `destination ${name} did not answer within ${LOOK_MS / 1000} s`,
    'check that the storage answers, e.g. its server and the network; NKVM tries again',
    'transient'
  );
