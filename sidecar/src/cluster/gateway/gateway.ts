import type { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { VERSION } from '../../version.ts';
import {
  ApiFailure,
  failureOf,
  failureOfConnection,
  failureOfCredentials,
  failureOfTime,
} from './apiFailure.ts';
import { type Availability, availability } from './availability.ts';
import { credentialsOf } from './credentials.ts';
import { openSocket } from './handshake.ts';
import { type Lane, lane } from './lane.ts';
import { startOf, wholeOf } from './readBody.ts';

/**
 * Calls of one lane never wait for those of another: a flood of reviews, which any caller can cause, must not keep a
 * Lease from being renewed or a run from being cleaned up. `opening` is for watches and exec handshakes, whose answer may
 * take long to begin: a kubelet that hangs must not keep other runs from looking at their pods.
 */
export type LaneName = 'reviews' | 'lease' | 'opening' | 'rest';

export interface CallLimits {
  /** The caller's own; the call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
  lane?: LaneName;
  /** For the whole call: waiting for a place, all tries, and the pauses between them. */
  limitMs?: number;
  /** For one try. */
  tryMs?: number;
  /**
   * Which failures are repeated within `limitMs`: `undone` only those after which nothing can have happened, `always`
   * those whose outcome is unknown as well. The default is `always` for GET and `undone` for anything else.
   */
  repeat?: 'always' | 'undone' | 'never';
}

export interface Call extends CallLimits {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With a leading slash and encoded names, e.g. `/api/v1/pods`; see `pathOf`. */
  path: string;
  query?: Record<string, string>;
  /** Sent as JSON; a PATCH is a JSON merge patch. */
  body?: unknown;
}

/**
 * The one way to the API server. It bounds how many calls are under way, how long each may take, and turns whatever
 * goes wrong into an `ApiFailure`.
 */
export interface Gateway {
  /** @returns the parsed body of a 2xx answer. @throws ApiFailure, or the reason of the caller's signal. */
  json<T>(call: Call): Promise<T>;
  /**
   * Gets something that comes for as long as it likes, e.g. a watch.
   * @param silenceMs longest pause in the body; it then breaks with an ApiFailure of kind `unreachable`.
   * @throws as `json`, until the answer begins.
   */
  stream(call: Omit<Call, 'method' | 'body'> & { silenceMs: number }): Promise<IncomingMessage>;
  /** Opens a WebSocket, paused. @throws as `json`. */
  socket(call: Omit<Call, 'method' | 'body' | 'query'> & SocketCall): Promise<WebSocket>;
  readonly availability: Availability;
  /** Ends probes and calls under way. */
  stop(): void;
}

export interface SocketCall {
  /** A name may come several times. */
  query: [string, string][];
  protocols: string[];
}

export interface GatewayOptions {
  /** Calls under way at once, by lane. */
  places?: Record<LaneName, number>;
  /** Between two probes of an API server that is unavailable. */
  probePauseMs?: number;
  random?: () => number;
  /** Resolves the host of the API server, for each connection; it can refuse an address. */
  lookup?: LookupFunction | undefined;
  /** Of one answer of `json`. */
  mostBytes?: number;
}

/** Small against what API Priority and Fairness gives one service account, so that our own calls never meet its 429. */
const PLACES = { reviews: 8, lease: 2, opening: 48, rest: 24 };
/** Some load balancers forget an idle connection without closing it. */
const IDLE_MS = 30_000;
/** `timeout` counts for idle sockets only. */
const KEPT = { keepAlive: true, scheduling: 'lifo', timeout: IDLE_MS } as const;
const LIMIT_MS = 30_000;
const TRY_MS = 10_000;
const PROBE_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** No request is made before the first call. */
export function gatewayOf(
  kubeConfig: KubeConfig,
  {
    places = PLACES,
    probePauseMs,
    random = Math.random,
    lookup,
    mostBytes = Infinity,
  }: GatewayOptions = {}
): Gateway {
  const lanes: Record<LaneName, Lane> = {
    reviews: lane(places.reviews),
    lease: lane(places.lease),
    opening: lane(places.opening),
    rest: lane(places.rest),
  };
  const credentialsNow = credentialsOf(kubeConfig);
  const credentials = async (isFresh: boolean): Promise<https.RequestOptions> => ({
    ...(await credentialsNow(isFresh)),
    ...(lookup && { lookup }),
  });
  const agents = {
    'http:': new http.Agent(KEPT),
    'https:': new https.Agent(KEPT),
  };
  /** After a time-out, idle connections over the same way may be dead as well, and would cost a time-out each. */
  const dropIdleSockets = (): void =>
    Object.values(agents).forEach(({ freeSockets }) =>
      Object.values(freeSockets).forEach(sockets => sockets?.forEach(socket => socket.destroy()))
    );

  const urlOf = (path: string, query: Iterable<[string, string]>): URL => {
    const url = new URL(serverOf(kubeConfig) + path);
    for (const [key, value] of query) url.searchParams.append(key, value);
    return url;
  };

  const send = async (
    { method = 'GET', path, query = {}, body }: Call,
    { agent, headers, ...options }: https.RequestOptions,
    signal: AbortSignal
  ): Promise<IncomingMessage> => {
    const url = urlOf(path, Object.entries(query));
    const content = body === undefined ? undefined : JSON.stringify(body);
    const request = (url.protocol === 'http:' ? http : https).request(url, {
      ...options,
      method,
      signal,
      agent: agent ?? agents[url.protocol as keyof typeof agents],
      headers: {
        ...headers,
        Accept: 'application/json',
        'User-Agent': `nkvm/${VERSION}`,
        ...(content !== undefined && {
          'Content-Type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
          'Content-Length': Buffer.byteLength(content),
        }),
      },
    });
    request.on('error', () => undefined); // one that comes after the answer is told by the answer's body
    request.end(content);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  };

  /** @throws ApiFailure for any other answer than 2xx. */
  const accepted = async (response: IncomingMessage): Promise<IncomingMessage> => {
    const { statusCode: status = 0, statusMessage: statusText = '', headers } = response;
    if (status >= 200 && status < 300) return response;
    const retryAfter = headers['retry-after'];
    throw failureOf({ status, statusText, body: await startOf(response), retryAfter });
  };

  const keeper = availability({
    pauseMs: probePauseMs,
    async probe() {
      const signal = AbortSignal.timeout(PROBE_MS);
      try {
        const options = await credentials(true);
        await startOf(await accepted(await send({ path: '/readyz' }, options, signal)));
      } catch (error) {
        const failure = signal.aborted
          ? failureOfTime('GET /readyz', PROBE_MS)
          : failureOfConnection(hostOf(kubeConfig), error);
        if (failure.isAway) throw failure; // any other refusal is an answer, too
      }
    },
  });

  /** @returns why one try failed. @throws the reason of the caller's signal. */
  const explain = (error: unknown, what: string, call: CallLimits, limits: Limits): ApiFailure => {
    if (call.signal?.aborted) throw call.signal.reason;
    if (error instanceof ApiFailure) {
      // An API server that has just started answers "forbidden" until it has read the roles.
      return error.status === 403 && error.kind === 'refused' && keeper.isAway()
        ? new ApiFailure(error.message, { ...error, kind: 'busy', class: 'transient' })
        : error;
    }
    if (limits.each.aborted || limits.whole.aborted) {
      dropIdleSockets();
      return failureOfTime(what, limits.each.aborted ? limits.eachMs : limits.wholeMs);
    }
    return failureOfConnection(hostOf(kubeConfig), error);
  };

  const attempt = async <T>(
    what: string,
    call: CallLimits,
    once: (options: https.RequestOptions, signal: AbortSignal) => Promise<T>
  ): Promise<T> => {
    const { limitMs = LIMIT_MS, tryMs = TRY_MS, repeat = 'undone' } = call;
    const whole = AbortSignal.timeout(limitMs);
    const until = performance.now() + limitMs;
    const signal = call.signal ? AbortSignal.any([call.signal, whole]) : whole;
    let isFresh = false;
    for (let tries = 1; ; tries += 1) {
      const leave = await lanes[call.lane ?? 'rest'].enter(signal).catch(() => {
        if (call.signal?.aborted) throw call.signal.reason;
        throw waitedTooLong(what, limitMs);
      });
      const each = AbortSignal.timeout(tryMs);
      let failure: ApiFailure;
      try {
        return await once(await credentials(isFresh), AbortSignal.any([signal, each]));
      } catch (error) {
        failure = explain(error, what, call, { whole, wholeMs: limitMs, each, eachMs: tryMs });
      } finally {
        leave();
      }
      if (failure.status === 401 && !isFresh) {
        isFresh = true; // the token may have been replaced since it was read
        continue;
      }
      if (failure.isAway) keeper.suspect(failure.message);
      if (!isRepeated(failure, repeat)) throw failure;
      const pauseMs = pauseAfter(failure, tries, random);
      if (performance.now() + pauseMs >= until) throw failure;
      await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  };

  return {
    availability: keeper,

    async json<T>(call: Call) {
      const { method = 'GET', path } = call;
      const repeat = call.repeat ?? (method === 'GET' ? 'always' : 'undone');
      return await attempt(`${method} ${path}`, { ...call, repeat }, async (options, signal) => {
        const answer = await accepted(await send(call, options, signal));
        const body = await wholeOf(answer, mostBytes);
        if (method !== 'GET' && call.lane !== 'reviews') keeper.wrote();
        return parsed<T>(body);
      });
    },

    async stream({ silenceMs, ...call }) {
      const { path, repeat = 'never' } = call;
      // The limits of the call end with its answer; the caller's signal does not.
      return await attempt(
        `GET ${path}`,
        { lane: 'opening', ...call, repeat },
        async (options, limit) => {
          const broken = new AbortController();
          const breakOff = (): void => broken.abort(limit.reason);
          limit.addEventListener('abort', breakOff);
          try {
            const lasting = call.signal
              ? AbortSignal.any([call.signal, broken.signal])
              : broken.signal;
            const response = await accepted(await send(call, options, lasting));
            response.setTimeout(silenceMs, () =>
              response.destroy(failureOfTime(`the next part of ${path}`, silenceMs))
            );
            return response;
          } finally {
            limit.removeEventListener('abort', breakOff);
          }
        }
      );
    },

    async socket({ query, protocols, ...call }) {
      const { path } = call;
      return await attempt(
        `the handshake for ${path}`,
        { lane: 'opening', ...call },
        async (options, signal) => {
          const url = urlOf(path, query);
          url.protocol = url.protocol.replace('http', 'ws');
          return await openSocket(url, protocols, options, signal);
        }
      );
    },

    stop() {
      keeper.stop();
      Object.values(agents).forEach(agent => agent.destroy());
    },
  };
}

interface Limits {
  whole: AbortSignal;
  wholeMs: number;
  each: AbortSignal;
  eachMs: number;
}

/** @returns a path of the API, e.g. `/api/v1/namespaces/shop/pods`, from names that may hold anything. */
export const pathOf = (groupVersion: string, ...names: string[]): string =>
  [groupVersion, ...names.map(encodeURIComponent)].join('/');

function isRepeated({ kind, class: failureClass, mayBeDone }: ApiFailure, repeat: string): boolean {
  if (repeat === 'never' || failureClass === 'needs-action') return false;
  if (mayBeDone && repeat !== 'always') return false;
  return kind === 'unreachable' || kind === 'busy';
}

/** The API server's own wish counts; otherwise the pause doubles up to 2 s, and half of it is left to chance. */
function pauseAfter({ retryAfterMs }: ApiFailure, tries: number, random: () => number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
  return Math.max(retryAfterMs ?? 0, longest * (0.5 + random() / 2));
}

const waitedTooLong = (what: string, ms: number): ApiFailure =>
  new ApiFailure(`${what} was not sent within ${ms / 1000} s: too many calls are in progress`, {
    kind: 'busy',
    class: 'transient',
  });

function parsed<T>(body: string): T {
  if (body === '') return undefined as T;
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiFailure('the server at the address of the API server does not send JSON', {
      kind: 'unreachable',
      class: 'unknown',
    });
  }
}

/** @throws ApiFailure when the kubeconfig has no current cluster. */
function serverOf(kubeConfig: KubeConfig): string {
  const server = kubeConfig.getCurrentCluster()?.server;
  if (server) return server.replace(/\/+$/, '');
  throw failureOfCredentials(new Error('the kubeconfig has no current cluster'));
}

const hostOf = (kubeConfig: KubeConfig): string => {
  try {
    return new URL(serverOf(kubeConfig)).host;
  } catch {
    return 'without an address';
  }
};
