import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import { ApiFailure } from '../gateway/apiFailure.ts';
import { backoffMs } from '../gateway/backoff.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { DistrustLimits } from './distrust.ts';
import { Distrust, distrustLimits } from './distrust.ts';
import { type Entry, FactStore } from './factStore.ts';
import { type WatchEvent, watchEvents } from './watchEvents.ts';
import { watchProblem } from './watchProblem.ts';

/** Trouble with a watch is never more than a warning: it recovers by itself. */
export type WatchLog = Pick<Log, 'info' | 'warn'>;

/** One kind of object, and the little that is kept of each. */
export interface Resource<T, Fact> {
  /** As RBAC names it, e.g. `persistentvolumeclaims`. */
  name: string;
  /** Of the whole cluster, e.g. `/api/v1/persistentvolumeclaims`. */
  path: string;
  /** Which of them, e.g. `{ labelSelector: … }`. */
  query?: Record<string, string>;
  /** Remedy when list and watch are refused; absent: bind ClusterRole nkvm-cluster-discovery. */
  remedy?: string;
  /** @returns undefined for an object that is of no interest. */
  project(object: T): Fact | undefined;
  /** Is told of every object that a watch brings, also of one that is of no interest, or gone. */
  onEvent?(object: { namespace: string; name: string }): void;
}

export interface WatchLimits {
  /** Objects in one page of a list. */
  pageSize: number;
  /** For connection and status line. */
  answerMs: number;
  /** For a whole page. */
  pageMs: number;
  /** The API server sends a bookmark within two minutes: a watch that is silent for longer is dead. */
  silenceMs: number;
  /** After so many seconds the API server is to end a watch. */
  watchSeconds: () => number;
  /** The pause after so many failures in a row. */
  retryMs: (failures: number) => number;
  /** Absent for an API server that is trusted. */
  distrust?: DistrustLimits;
}

/**
 * Watches of 5 to 10 minutes, as client-go has them. Its pages of 500 would cost 60 MiB more at the start with 5,000
 * pods (tests/bench/inventory.bench.ts).
 */
export const watchLimits: WatchLimits = {
  pageSize: 100,
  answerMs: 30_000,
  pageMs: 60_000,
  silenceMs: 180_000,
  watchSeconds: () => Math.round(300 * (1 + Math.random())),
  retryMs: failures => backoffMs(failures, Math.random),
};

/** Of an API server that nobody has to trust. */
export const remoteWatchLimits: WatchLimits = { ...watchLimits, distrust: distrustLimits };

/** A watch that brings nothing and ends sooner is a failure, or we would ask again without a pause. */
const SHORTEST_WATCH_MS = 1_000;

interface Identified {
  metadata: { namespace?: string; name: string; resourceVersion: string };
}

interface ListPage {
  metadata: { resourceVersion: string; continue?: string };
  items: Identified[] | null;
}

/**
 * Facts on all objects of one resource, kept up to date by list and watch until `stop`.
 *
 * It recovers by itself: after an error it waits and continues from the last resourceVersion, or lists again where the API
 * server refuses that (410 Gone). Meanwhile it keeps what it had, and `problem` says why it may be old. A resource that
 * the cluster does not serve (404 to the first list) has no objects.
 *
 * Not the client's `makeInformer` (2.0.1): that keeps whole objects (a pod is 10 kB, a fact 300 bytes), ends at the
 * first network error, asks for no bookmarks, cannot be stopped while it lists, and drops errors of its handlers.
 */
export class WatchCache<T, Fact> {
  readonly resource: Resource<T, Fact>;
  readonly facts = new FactStore<Fact>();
  /** Resolves with the first list. */
  readonly firstList: Promise<void>;
  /** Resolves with the first list, or when the API server refuses it for a missing right. */
  readonly firstAnswer: Promise<void>;
  /** There was a whole list. */
  hasList = false;
  /** Why the resource cannot be read now. */
  problem: string | undefined;
  /** Since when there is a problem, whichever it is, by `performance.now()`. */
  problemSince: number | undefined;

  readonly #gateway: Pick<Gateway, 'json' | 'stream'>;
  readonly #log: WatchLog;
  readonly #limits: WatchLimits;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #announceList: () => void = () => {};
  #announceRefusal: () => void = () => {};
  /** Empty: list before you watch. */
  #resourceVersion = '';
  #failures = 0;
  readonly #distrust: Distrust | undefined;

  constructor(
    gateway: Pick<Gateway, 'json' | 'stream'>,
    resource: Resource<T, Fact>,
    log: WatchLog,
    limits: WatchLimits = watchLimits
  ) {
    this.resource = resource;
    this.#gateway = gateway;
    this.#log = log;
    this.#limits = limits;
    this.#distrust = limits.distrust && new Distrust(resource.name, limits.distrust);
    this.firstList = new Promise(resolve => (this.#announceList = resolve));
    const refused = new Promise<void>(resolve => (this.#announceRefusal = resolve));
    this.firstAnswer = Promise.race([this.firstList, refused]);
    this.#ended = this.#run();
  }

  /** Ends the request under way; nothing changes any more when it resolves. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === '') await this.#list();
        await this.#watch();
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
        await delay(this.#limits.retryMs(this.#failures), undefined, { signal }).catch(() => {});
      }
    }
  }

  async #list(): Promise<void> {
    const { pageSize, pageMs } = this.#limits;
    const { signal } = this.#stopping;
    const entries: Entry<Fact>[] = [];
    let resourceVersion = '';
    let next: string | undefined;
    this.#distrust?.startList();
    do {
      const page: ListPage = await this.#gateway.json({
        path: this.resource.path,
        query: { ...this.resource.query, limit: `${pageSize}`, ...(next && { continue: next }) },
        signal,
        limitMs: pageMs,
        tryMs: pageMs,
        repeat: 'never', // `#run` does, and says meanwhile that the list is old
      });
      for (const object of page.items ?? []) {
        const fact = this.resource.project(object as T);
        if (fact === undefined) continue;
        this.#distrust?.add(whose(object), fact, 'list');
        entries.push({ ...whose(object), fact });
      }
      // The first page's: to see an event twice does no harm, to miss one does.
      resourceVersion ||= page.metadata.resourceVersion;
      next = page.metadata.continue;
    } while (next);
    this.#replace(entries);
    this.#resourceVersion = resourceVersion;
  }

  async #watch(): Promise<void> {
    const { answerMs, silenceMs, watchSeconds } = this.#limits;
    const query = {
      ...this.resource.query,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#resourceVersion,
      timeoutSeconds: `${watchSeconds()}`,
    };
    const body = await this.#gateway.stream({
      path: this.resource.path,
      query,
      signal: this.#stopping.signal,
      limitMs: answerMs,
      tryMs: answerMs,
      silenceMs,
    });
    this.#succeeded();

    const openedAt = performance.now();
    let isSound = false;
    try {
      for await (const event of watchEvents<Identified>(body, this.#limits.distrust)) {
        this.#apply(event);
        isSound = true;
      }
    } catch (error) {
      const status = error instanceof ApiFailure ? error.status : undefined;
      // An event of type ERROR: only a list tells where we are.
      if (status !== undefined) this.#resourceVersion = '';
      // One that was silent for too long is followed by the next, like one that has ended.
      const isSilent = error instanceof ApiFailure && status === undefined;
      if (!isSilent) throw error;
    } finally {
      isSound ||= performance.now() - openedAt >= SHORTEST_WATCH_MS;
      if (isSound) this.#failures = 0;
    }
    if (!isSound) throw new Error('the API server ended the watch at once');
  }

  #apply({ type, object }: WatchEvent<Identified>): void {
    if (type !== 'BOOKMARK') {
      const { namespace, name } = whose(object);
      const fact = type === 'DELETED' ? undefined : this.resource.project(object as T);
      if (fact === undefined) this.facts.delete(namespace, name);
      else {
        this.#distrust?.add({ namespace, name }, fact, 'watch');
        this.facts.set({ namespace, name, fact });
      }
      this.resource.onEvent?.({ namespace, name });
    }
    this.#resourceVersion = object.metadata.resourceVersion;
  }

  #replace(entries: Entry<Fact>[]): void {
    this.facts.replace(entries);
    this.hasList = true;
    this.#announceList();
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    const { status, kind } = error instanceof ApiFailure ? error : {};
    if (status !== undefined && kind !== 'busy' && kind !== 'unreachable') {
      // A server that is only busy will go on with the watch; one that refuses it is asked for a list.
      this.#resourceVersion = '';
      if (status === 404 && !this.hasList) this.#replace([]);
      if (status === 403) this.#announceRefusal();
      if (kind === 'gone') return;
    }
    const problem = watchProblem(this.resource.name, error, this.resource.remedy);
    this.problemSince ??= performance.now();
    if (problem === this.problem) return;
    this.problem = problem;
    this.#log.warn({ resource: this.resource.name }, problem);
  }

  #succeeded(): void {
    if (this.problem === undefined) return;
    this.problem = undefined;
    this.problemSince = undefined;
    this.#log.info(
      { resource: this.resource.name },
      `${this.resource.name}: the watch works again`
    );
  }
}

const whose = ({ metadata: { namespace = '', name } }: Identified) => ({ namespace, name });
