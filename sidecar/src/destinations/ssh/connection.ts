import type { Client } from 'ssh2';
import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { Login } from './login.ts';
import { logIn } from './login.ts';
import type { SshSettings } from './settings.ts';
import type { SshPlace } from './sshErrors.ts';
import { atStage, connectionBroke, stalled } from './sshErrors.ts';

export interface SshCall {
  stage: Stage;
  signal?: AbortSignal | undefined;
  /** How long it may take without an answer while the server is alive, if not as long as usual. */
  quietMs?: number | undefined;
}

/** A connection that is open, and shared by all calls. */
export interface Link {
  readonly client: Client;
  readonly login: Pick<Login, 'hostKey' | 'method'>;
  isOpen(): boolean;
  /**
   * Makes one request of ssh2's, which takes a callback. Rejects also when the connection breaks, when nothing moves on it
   * for too long, and at once when the caller stops it; the server may still do it then.
   * @throws what ssh2 gave to the callback, or StageError
   */
  call<T>(call: SshCall, start: (done: Done<T>) => void): Promise<T>;
  /** Keeps it open although there is no call, e.g. for a stream whose reader pauses. @returns what ends that */
  hold(): () => void;
}

export type Done<T> = (error: unknown, value?: T) => void;

export interface SshConnection {
  /** @returns the open connection; makes it where there is none. @throws StageError */
  link(call: SshCall): Promise<Link>;
  close(): Promise<void>;
}

export interface SshLimits {
  /** Of a connection and of a login. */
  connectMs: number;
  /** Without a byte in either direction, while something is waited for. */
  stallMs: number;
  /** A connection that nobody uses is ended. */
  idleMs: number;
}

export const LIMITS: SshLimits = { connectMs: 20_000, stallMs: 60_000, idleMs: 30_000 };

/** Signs of life are smaller: only more than this counts as something that moves. */
const MOVED_BYTES = 4096;

/** One connection for all who ask, recreated after it broke. */
export function sshConnection(
  settings: SshSettings,
  place: SshPlace,
  limits: SshLimits = LIMITS
): SshConnection {
  let current: { making: Promise<Link>; link?: OpenLink } | undefined;
  const closing = new AbortController();

  function make(stage: Stage): Promise<Link> {
    const call = { stage, signal: closing.signal, limitMs: limits.connectMs };
    const making = logIn(settings, place, { ...call, pingMs: limits.stallMs / 4 }).then(login => {
      const link = new OpenLink(login, place, limits, () => {
        if (current === own) current = undefined;
      });
      own.link = link;
      return link;
    });
    const own: NonNullable<typeof current> = { making };
    current = own;
    making.catch(() => {
      if (current === own) current = undefined;
    });
    return making;
  }

  return {
    async link({ stage, signal }) {
      signal?.throwIfAborted();
      if (closing.signal.aborted) throw connectionBroke(place, stage, new Error('closed'));
      const making = current?.making ?? make(stage);
      try {
        return await (signal ? untilAborted(making, signal) : making);
      } catch (error) {
        throw signal?.aborted ? signal.reason : atStage(error, stage);
      }
    },
    async close() {
      closing.abort(new StageError(...closedWords(place)));
      current?.link?.end();
      current = undefined;
    },
  };
}

const closedWords = ({ place }: SshPlace) =>
  [
    'copy',
    'ConnectionBroke',
    `destination ${place} was closed`,
    'nothing to do: its settings were changed, or NKVM is stopping; NKVM tries again',
    'transient',
  ] as const;

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

interface Pending {
  stage: Stage;
  since: number;
  quietMs: number;
  fail(error: unknown): void;
}

class OpenLink implements Link {
  readonly client: Client;
  readonly login: Login;
  readonly #place: SshPlace;
  readonly #limits: SshLimits;
  readonly #pending = new Set<Pending>();
  #holds = 0;
  #cause: unknown;
  #isOpen = true;
  readonly #onClose: () => void;
  #watch: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** Bytes that had moved in each direction, and the time of that. */
  #moved = { bytes: 0, at: 0 };
  #heard = { bytes: 0, at: 0 };

  constructor(login: Login, place: SshPlace, limits: SshLimits, onClose: () => void) {
    this.login = login;
    this.client = login.client;
    this.#place = place;
    this.#limits = limits;
    this.#onClose = onClose;
    login.client.on('error', error => {
      this.#cause ??= error;
    });
    login.client.once('close', () => this.#break(this.#cause));
    if (login.socket.destroyed) this.#isOpen = false;
    this.#rest();
  }

  isOpen(): boolean {
    return this.#isOpen && !this.login.socket.destroyed;
  }

  call<T>({ stage, signal, quietMs }: SshCall, start: (done: Done<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (!this.#isOpen) return reject(this.#refusal(stage));
      const stop = () => end(() => reject(signal?.reason));
      const pending: Pending = {
        stage,
        since: performance.now(),
        quietMs: quietMs ?? this.#limits.stallMs,
        fail: error => end(() => reject(error)),
      };
      const end = (settle: () => void) => {
        if (!this.#pending.delete(pending)) return;
        signal?.removeEventListener('abort', stop);
        settle();
        this.#rest();
      };
      this.#pending.add(pending);
      signal?.addEventListener('abort', stop, { once: true });
      this.#work();
      const done: Done<T> = (error, value) => {
        this.#moved.at = performance.now();
        end(() => (error ? reject(error) : resolve(value as T)));
      };
      try {
        start(done);
      } catch (error) {
        done(error); // ssh2 throws where the connection has ended already
      }
    });
  }

  hold(): () => void {
    let isHeld = true;
    this.#holds += 1;
    clearTimeout(this.#idle);
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds -= 1;
      this.#rest();
    };
  }

  end(): void {
    this.#cause ??= new StageError(...closedWords(this.#place));
    this.client.end();
    // A server that does not answer holds nobody up.
    this.login.socket.destroySoon();
    this.#break(this.#cause);
  }

  #break(cause: unknown): void {
    this.#onClose();
    this.#isOpen = false;
    this.#cause ??= cause;
    clearInterval(this.#watch);
    clearTimeout(this.#idle);
    for (const { stage, fail } of [...this.#pending]) fail(this.#refusal(stage));
  }

  #refusal(stage: Stage): unknown {
    const cause = this.#cause;
    return cause instanceof StageError
      ? atStage(cause, stage)
      : connectionBroke(this.#place, stage, cause);
  }

  /** Something is waited for: from now on it is watched. */
  #work(): void {
    clearTimeout(this.#idle);
    if (this.#watch) return;
    this.#moved = { bytes: this.#bytes(), at: performance.now() };
    this.#heard = { bytes: this.login.socket.bytesRead, at: performance.now() };
    this.#watch = setInterval(() => this.#look(), this.#limits.stallMs / 4).unref();
  }

  /** Nothing is waited for. */
  #rest(): void {
    if (this.#pending.size > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
    if (this.#holds > 0 || !this.#isOpen) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.end(), this.#limits.idleMs).unref();
  }

  /** Bytes that the network has taken and given; what waits in this process has not moved. */
  #bytes(): number {
    const { bytesRead, bytesWritten, writableLength } = this.login.socket;
    return bytesRead + bytesWritten - writableLength;
  }

  #look(): void {
    const now = performance.now();
    const bytes = this.#bytes();
    const { bytesRead } = this.login.socket;
    if (bytes - this.#moved.bytes >= MOVED_BYTES) this.#moved = { bytes, at: now };
    if (bytesRead > this.#heard.bytes) this.#heard = { bytes: bytesRead, at: now };
    const quiet = now - this.#moved.at;
    const { stallMs } = this.#limits;
    const late = [...this.#pending].find(
      one => quiet > one.quietMs && now - one.since > one.quietMs
    );
    // Not even signs of life are answered.
    const isDead = quiet > stallMs && now - this.#heard.at > stallMs;
    if (!late && !isDead) return;
    const [any] = this.#pending;
    const stage = (late ?? any)?.stage ?? 'copy';
    this.#cause = stalled(this.#place, stage, late?.quietMs ?? stallMs);
    this.login.socket.destroy();
    this.#break(this.#cause);
  }
}
