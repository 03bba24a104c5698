import { FTPError } from 'basic-ftp';
import { setTimeout as pause } from 'node:timers/promises';
import { StageError } from '../../errors.ts';
import type { Session, SessionCall } from './session.ts';
import { openSession } from './session.ts';
import type { FtpSettings } from './settings.ts';

/** A session can do one thing at a time. A stream can take hours, so that it never takes the place of a short call. */
export type Lane = 'stream' | 'command';

const MOST: Record<Lane, number> = { stream: 8, command: 2 };

/** Servers end sessions that do nothing, usually after minutes. */
const IDLE_MS = 15_000;

/** A session that has done nothing for so long is asked whether it still lives. */
const FRESH_MS = 1_000;

/** How often a server that has no place is asked again, although no session of NKVM will end. */
const TRIES = 5;
const RETRY_MS = 200;

/** A session for one use. */
export interface Lease {
  session: Session;
  /** Gives it back; one whose connection is closed is forgotten. May be called twice. */
  release(): void;
}

/** The sessions of a destination. */
export interface Pool {
  /** Waits for a session. @throws StageError */
  take(lane: Lane, call: SessionCall): Promise<Lease>;
  /** Does `work` with a session, which is closed when the call is stopped. */
  use<T>(lane: Lane, call: SessionCall, work: (session: Session) => Promise<T>): Promise<T>;
  close(): void;
}

interface Waiting {
  lane: Lane;
  wake(): void;
}

export function createPool(settings: FtpSettings): Pool {
  const idle: { session: Session; since: number; timer: NodeJS.Timeout }[] = [];
  const taken = new Map<Session, Lane>();
  const used: Record<Lane, number> = { stream: 0, command: 0 };
  const waiting: Waiting[] = [];
  /** How many sessions the server allows, once it has refused one. */
  let allowed = Infinity;
  let isClosed = false;

  const wakeAll = () => waiting.splice(0).forEach(({ wake }) => wake());

  const hasPlace = (lane: Lane): boolean =>
    used[lane] < MOST[lane] && used.stream + used.command < allowed;

  async function placeIn(lane: Lane, signal?: AbortSignal): Promise<void> {
    while (!hasPlace(lane)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ lane, wake: resolve });
      signal?.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      signal?.throwIfAborted();
    }
    used[lane] += 1;
  }

  async function idleSession(): Promise<Session | undefined> {
    for (;;) {
      const next = idle.pop();
      if (!next) return undefined;
      clearTimeout(next.timer);
      const { client } = next.session;
      if (client.closed) continue;
      if (performance.now() - next.since < FRESH_MS) return next.session;
      try {
        await client.send('NOOP');
        return next.session;
      } catch {
        client.close();
      }
    }
  }

  /** @throws StageError. Waits where the server has no place for one more, and one session of NKVM will end. */
  async function sessionFor(lane: Lane, call: SessionCall): Promise<Session> {
    for (let tried = 1; ; tried += 1) {
      const kept = await idleSession();
      if (kept) return kept;
      try {
        return await openSession(settings, call);
      } catch (error) {
        const isFull = error instanceof StageError && codeOf(error.cause) === 421;
        const others = used.stream + used.command - 1;
        if (!isFull || (others === 0 && tried >= TRIES)) throw error;
        if (others === 0) {
          // The server may not have noticed yet that a session of NKVM has ended.
          await pause(RETRY_MS, undefined, { signal: call.signal });
          continue;
        }
        allowed = Math.max(1, others);
        used[lane] -= 1;
        try {
          await placeIn(lane, call.signal);
        } catch (stopped) {
          used[lane] += 1; // the caller gives it back
          throw stopped;
        }
      }
    }
  }

  function giveBack(session: Session): void {
    const lane = taken.get(session);
    if (!lane) return;
    taken.delete(session);
    used[lane] -= 1;
    if (!session.client.closed && !isClosed) {
      const timer = setTimeout(() => {
        idle.splice(0, idle.length, ...idle.filter(one => one.session !== session));
        session.client.close();
      }, IDLE_MS).unref();
      idle.push({ session, since: performance.now(), timer });
    } else session.client.close();
    wakeAll();
  }

  async function take(lane: Lane, call: SessionCall): Promise<Lease> {
    call.signal?.throwIfAborted();
    await placeIn(lane, call.signal);
    try {
      const session = await sessionFor(lane, call);
      if (isClosed) {
        session.client.close();
        throw closedError(call);
      }
      taken.set(session, lane);
      let isReleased = false;
      const release = () => {
        if (!isReleased) giveBack(session);
        isReleased = true; // somebody else may have it now
      };
      return { session, release };
    } catch (error) {
      used[lane] -= 1;
      wakeAll();
      throw error;
    }
  }

  return {
    take,
    async use(lane, call, work) {
      const { session, release } = await take(lane, call);
      const stop = () => session.client.close();
      call.signal?.addEventListener('abort', stop, { once: true });
      try {
        return await work(session);
      } catch (error) {
        call.signal?.throwIfAborted();
        throw error;
      } finally {
        call.signal?.removeEventListener('abort', stop);
        release();
      }
    },
    close() {
      isClosed = true;
      for (const { session, timer } of idle.splice(0)) {
        clearTimeout(timer);
        session.client.close();
      }
      for (const session of taken.keys()) session.client.close();
      wakeAll();
    },
  };
}

const codeOf = (error: unknown): number | undefined =>
  error instanceof FTPError ? error.code : undefined;

const closedError = ({ stage }: SessionCall): StageError =>
  new StageError(
    stage,
    'CopyStopped',
    'the destination was closed',
    'nothing to do: NKVM tries again',
    'transient'
  );
