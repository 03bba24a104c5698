import type { FastifyInstance } from 'fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counter, Registry } from 'prom-client';
import type { Catalogs, KnownCatalog } from '../backup/catalog/keepCatalogs.ts';
import { admissionOf } from '../backup/request/admission.ts';
import type { IsOpen } from '../backup/request/openNamespaces.ts';
import { archivesAt } from '../browse/archives.ts';
import { uploadsAt } from '../browse/uploads.ts';
import type { Action, PathAction, Subject } from '../cluster/gateway/access.ts';
import type { Claim, Inventory } from '../cluster/inventory/inventory.ts';
import type { NamespaceFact } from '../cluster/watch/facts.ts';
import { ClusterRefusal } from '../clusters/registry.ts';
import type { Destination } from '../destinations/destination.ts';
import { KINDS } from '../destinations/kinds.ts';
import { checksOf } from '../destinations/places/checks.ts';
import type { SecretTexts } from '../destinations/places/secret.ts';
import { watchPlaces } from '../destinations/places/watchPlaces.ts';
import { noFence } from '../fence.ts';
import type { WatchedTrail } from '../history/audit/auditTrail.ts';
import { auditTrail } from '../history/audit/auditTrail.ts';
import { openAudit } from '../history/audit/openAudit.ts';
import type { History } from '../history/history.ts';
import { openHistory } from '../history/openHistory.ts';
import { runIds } from '../history/runId.ts';
import { rightsOf } from '../http/rights/rights.ts';
import type { HttpWorld } from '../http/server.ts';
import { buildServer } from '../http/server.ts';
import type { JobKind } from '../jobs/job.ts';
import type { Queue } from '../jobs/queue/queue.ts';
import { startQueue } from '../jobs/queue/queue.ts';
import { createLog } from '../observe/log.ts';
import type { CoverageWorld } from '../policy/coverage/coverage.ts';
import { coverageOf } from '../policy/coverage/coverage.ts';
import { testClaim } from './cluster/testClaim.ts';
import type { MemoryStorage } from './destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from './destinations/memoryDestination.ts';
import { memoryResults } from './destinations/memoryResults.ts';
import { onePlace } from './destinations/onePlace.ts';

const claimOf = (namespace: string, name: string, more: Partial<Claim> = {}) =>
  testClaim({ namespace, name, uid: `uid-${namespace}-${name}`, ...more });

const namespaceOf = (name: string): NamespaceFact => ({
  name,
  uid: `uid-${name}`,
  createdAt: '2026-01-01T00:00:00Z',
});

/** Users and their rights: `verb resource/subresource namespace`, perhaps with `/name`; `*` for any namespace. */
const GRANTS: Record<string, string[]> = {
  admin: ['*'],
  shopper: [
    'list persistentvolumeclaims shop',
    'get persistentvolumeclaims shop',
    'create persistentvolumeclaims/backup shop',
    'get persistentvolumeclaims/backup shop',
    'list persistentvolumeclaims/backup shop',
  ],
  viewer: ['list persistentvolumeclaims *', 'get persistentvolumeclaims *'],
  single: [
    'list persistentvolumeclaims *',
    'get persistentvolumeclaims *',
    'create persistentvolumeclaims/backup shop/orders-db',
  ],
  scraper: ['get /metrics'],
  nobody: [],
};

/** A JSON Web Token as Kubernetes makes them; no signature is checked here. */
export const jwt = (sub: string, claims: object = { aud: ['nkvm'] }): string =>
  ['e30', Buffer.from(JSON.stringify({ sub, ...claims })).toString('base64url'), 'c2ln'].join('.');
const subjectOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub;

/** The HTTP API on a cluster of four claims, where a token is the name of its user, or a `jwt` of it. */
export interface HttpTestWorld {
  app: FastifyInstance;
  /** What its routes are made of. */
  parts: HttpWorld;
  history: History;
  /** Records the calls. */
  audit: WatchedTrail;
  queue: Queue;
  destination: Destination;
  /** What is at the destination. */
  storage: MemoryStorage;
  /** Names destinations of kind `directory`; may be changed with `configure`. */
  configure(secrets: readonly SecretTexts[]): void;
  /** What is known of destinations; may be changed. */
  catalogs: Record<string, KnownCatalog>;
  /** May be changed; answers on rights are not remembered. */
  grants: Record<string, string[]>;
  /** Users that do not exist any more, whose bindings are still there. */
  deleted: Set<string>;
  /** What the API server was asked: `AUDIENCE TOKEN` and `USER VERB WHAT`. */
  reviews: string[];
  claims: Claim[];
  isReady: boolean;
  /** Namespaces in which backups are not allowed. */
  closed: Set<string>;
  /** Nothing can be asked about open namespaces. */
  isApiAway: boolean;
  /** Of the watches. */
  problems: string[];
  /** May be changed; their UIDs are `uid-NAME`. */
  namespaces: Record<string, NamespaceFact>;
  readonly logged: string;
  /** Puts a claim into the cluster, or takes it away. */
  put(namespace: string, name: string, more?: Partial<Claim>): void;
  remove(namespace: string, name: string): void;
  /** Ends the runs that are under way. */
  finish(end: 'success' | 'failed'): void;
  ask(
    who: string | undefined,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>
  ): Promise<Answer>;
  /** Follows a stream to its end, or until `abort`. */
  follow(who: string, path: string): Promise<TestStream>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  headers: Record<string, unknown>;
  type: unknown;
}

export interface TestStream {
  events: { event: string; data: any }[]; // eslint-disable-line @typescript-eslint/no-explicit-any
  /** Resolves when the other side ends the stream. */
  ended: Promise<void>;
  abort(): void;
}

/** Nothing asks for backups. */
const NO_WISH = {
  schedule: null,
  isOff: false,
  suspended: false,
  holdUntil: null,
  drill: null,
  problems: [],
};

/** @param policy what differs in the facts about the protection of volumes */
export async function httpWorld(
  differs: Partial<HttpWorld> = {},
  policy: Partial<CoverageWorld> = {}
): Promise<HttpTestWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-http-'));
  const history = await openHistory(join(dir, 'nkvm.db'));
  const auditLog = await openAudit(join(dir, 'nkvm.db'));
  const grants = structuredClone(GRANTS);
  const reviews: string[] = [];
  const versions: Record<string, number> = { billing: 1, locked: 1, shop: 1 };
  const streams = new Set<TestStream>();
  let logged = '';
  const log = createLog('debug', { write: line => (logged += line) });
  const audit =
    differs.audit ?? auditTrail({ audit: auditLog, cluster: 'test', now: () => new Date(), log });

  const access = {
    /** The scraper has a token for the API server; those of the others are for NKVM. */
    async whoIs(token: string, audience?: string): Promise<Subject | undefined> {
      reviews.push(`${audience ?? 'API server'} ${token}`);
      if (token === 'broken-api') throw new Error('connection refused');
      if ((token === 'scraper') !== (audience === undefined)) return undefined;
      const username = token.includes('.') ? subjectOf(token) : token;
      if (!grants[username] || world.deleted.has(username)) return undefined;
      return { username, uid: undefined, groups: [], extra: {} };
    },
    async may({ username }: Subject, action: Action | PathAction): Promise<boolean> {
      const given = grants[username] ?? [];
      if ('path' in action) return given.includes('*') || given.includes(`get ${action.path}`);
      const { verb, namespace, name } = action;
      const what = [action.resource, action.subresource].filter(Boolean).join('/');
      reviews.push(`${username} ${verb} ${what} ${namespace ?? '*'}${name ? `/${name}` : ''}`);
      return (
        given.includes('*') ||
        given.includes(`${verb} ${what} *`) ||
        (namespace !== undefined &&
          (given.includes(`${verb} ${what} ${namespace}`) ||
            given.includes(`${verb} ${what} ${namespace}/${name}`)))
      );
    },
  };

  const ends: ((status: 'success' | 'failed') => void)[] = [];
  const job = (access: JobKind['access']): JobKind => ({
    access,
    nodeOf: () => null,
    work: (_run, report, signal) =>
      new Promise(resolve => {
        report({ stage: 'copy', bytes: 5 });
        const endedAt = new Date().toISOString();
        ends.push(status => resolve({ status, endedAt, message: `it is a ${status}` }));
        const cancelled = () => resolve({ status: 'cancelled', endedAt });
        if (signal.aborted) cancelled();
        else signal.addEventListener('abort', cancelled);
      }),
  });
  const queue = startQueue({
    history,
    kinds: {
      backup: job('read'),
      restore: job('write'),
      verify: job('none'),
      drill: job('none'),
    },
    limits: { total: 1, perNode: 1 },
    retry: { maxAttempts: 1, delayMs: () => 0 },
    newId: runIds(),
    now: () => new Date(),
    log,
    onEnd: () => undefined,
  });
  queue.resume();

  const changed = (namespace: string): void => {
    versions[namespace] = (versions[namespace] ?? 0) + 1;
    if (!world.claims.some(each => each.namespace === namespace)) delete versions[namespace];
  };
  const without = (namespace: string, name: string): Claim[] =>
    world.claims.filter(each => each.namespace !== namespace || each.name !== name);

  const storage = memoryStorage();
  const destination = memoryDestination(storage);
  const archivePlaces = onePlace(destination);
  const archives = archivesAt({ places: archivePlaces, log, mayStore: () => true });
  const uploads = uploadsAt({
    destination,
    installation: 'test',
    maxBytes: 1_000_000,
    floorBytes: 0,
    isInUse: () => false,
    onRemove: key => archives.forget(key),
    log,
  });
  let secrets: readonly SecretTexts[] = [];
  let onSecrets = (): void => undefined;
  const places = watchPlaces({
    local: { ...destination, id: 'local' },
    secrets: {
      all: () => secrets,
      onChange(listener) {
        onSecrets = listener;
        return () => undefined;
      },
    },
    kinds: KINDS,
    installation: 'test',
    workDir: join(dir, 'work'),
    ownDirs: [],
    fence: noFence,
    limitMs: 10_000,
    log,
  });
  const catalogs: Catalogs = {
    of: name => world.catalogs[name],
    read: async name => void (world.catalogs[name] = { problem: null }),
    stop: async () => undefined,
  };
  const world: Omit<HttpTestWorld, 'app' | 'parts'> = {
    configure(given) {
      secrets = given;
      onSecrets();
    },
    catalogs: {},
    history,
    audit,
    destination,
    storage,
    queue,
    grants,
    reviews,
    deleted: new Set(),
    isReady: true,
    closed: new Set(['locked']),
    isApiAway: false,
    problems: [],
    namespaces: Object.fromEntries(
      ['billing', 'empty', 'locked', 'shop'].map(name => [name, namespaceOf(name)])
    ),
    claims: [
      claimOf('billing', 'invoices'),
      claimOf('locked', 'secrets'),
      claimOf('shop', 'new', { phase: 'Pending' }),
      claimOf('shop', 'orders-db', {
        node: 'node-1',
        pods: [{ name: 'orders-db-0', phase: 'Running', node: 'node-1' }],
      }),
    ],
    get logged() {
      return logged;
    },
    put(namespace, name, more) {
      const others = without(namespace, name);
      world.claims = [...others, claimOf(namespace, name, more)].sort((a, b) =>
        `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1
      );
      changed(namespace);
    },
    remove(namespace, name) {
      world.claims = without(namespace, name);
      changed(namespace);
    },
    finish: status => ends.splice(0).forEach(end => end(status)),
    async ask(who, method, path, body, headers = {}) {
      const answer = await app.inject({
        method,
        url: `/api/v1/${path}`,
        headers: { ...headers, ...(who && { 'x-nkvm-token': who }) },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      return {
        status: answer.statusCode,
        body: answer.body === '' ? undefined : answer.json(),
        headers: answer.headers,
        type: answer.headers['content-type'],
      };
    },
    async follow(who, path) {
      if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
      const { port } = app.server.address() as AddressInfo;
      const stopping = new AbortController();
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, {
        headers: { 'x-nkvm-token': who },
        signal: stopping.signal,
      });
      if (!answer.ok) throw Object.assign(new Error('no stream'), { problem: await answer.json() });
      const stream: TestStream = {
        events: [],
        ended: Promise.resolve(),
        abort: () => stopping.abort(),
      };
      stream.ended = readEvents(answer, stream.events);
      streams.add(stream);
      return stream;
    },
    async close() {
      for (const stream of streams) stream.abort();
      await queue.stop();
      archives.stop();
      uploads.stop();
      await places.close();
      await app.close();
      await auditLog.close();
      await history.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };

  const inventory: Inventory = {
    ready: async () => undefined,
    isReady: () => world.isReady,
    claims: namespace => world.claims.filter(each => !namespace || each.namespace === namespace),
    claim: (namespace, name) =>
      world.claims.find(each => each.namespace === namespace && each.name === name),
    namespaces: () => Object.keys(world.namespaces),
    namespace: name => world.namespaces[name],
    versions: () =>
      new Map(Object.entries(versions).map(([name, version]) => [name, `${version}`])),
    problems: () => world.problems,
    stop: async () => undefined,
  };
  const open = async (namespace: string): Promise<IsOpen> =>
    world.isApiAway ? 'unknown' : !world.closed.has(namespace);
  const metrics = new Registry();
  new Counter({ name: 'nkvm_test_total', help: 'a test', registers: [metrics] }).inc();
  const parts: HttpWorld = {
    queue,
    history,
    inventory,
    open: { known: open, ask: open, scope: async () => 'namespaces' as const },
    access,
    destination,
    archivePlaces,
    archives,
    uploads,
    ...{ places, catalogs },
    checks: checksOf({ places, results: memoryResults(), now: () => new Date() }),
    space: { freeBytes: () => null },
    admission: admissionOf(inventory, { ask: open }, () => [
      { name: destination.id, isDefault: true },
    ]),
    rights: rightsOf(access),
    clusterAdmin: noOtherClusters,
    coverage: coverageOf({
      ...{ inventory, history },
      open: { known: open },
      wanted: () => ({ wish: NO_WISH, slots: null }),
      now: () => new Date(),
      ...policy,
    }),
    /** It waits for an approval of 7 archives at `local`. */
    retention: { approve: (destination, removed) => destination === 'local' && removed === 7 },
    maxNamespaceScan: 10,
    installation: {
      version: '0.0.0',
      cluster: 'test',
      namespace: 'nkvm',
      backupDir: '/b',
      maxParallel: 1,
      namespaceSelector: null,
    },
    metrics,
    doctor: async () => ({
      ...{ outcome: 'ok', at: '2026-01-01T00:00:00.000Z', version: '0.0.0' },
      ...{ cluster: 'test', namespace: 'nkvm', checks: [] },
    }),
    audit,
    readiness: () => ({
      isReady: world.isReady,
      says: world.isReady ? [] : ['the volumes are not known yet'],
    }),
    log,
    changesEveryMs: 20,
    ...differs,
  };
  const app = await buildServer(parts);
  return Object.assign(world, { app, parts });
}

/** NKVM's own cluster is the only one, and none can be added. */
const refused = async (): Promise<never> => {
  const hint = 'choose another test';
  throw new ClusterRefusal({
    reason: 'ClusterNameRefused',
    message: 'no cluster can be added',
    hint,
  });
};
const noOtherClusters: HttpWorld['clusterAdmin'] = {
  registry: { list: () => [], check: refused, remove: refused },
  ownCluster: { uid: 'uid-test', server: '10.0.0.1:6443', version: async () => 'v1.36.3' },
};

async function readEvents(answer: Response, events: TestStream['events']): Promise<void> {
  let rest = '';
  try {
    const text = answer.body?.pipeThrough(new TextDecoderStream());
    for await (const chunk of (text ?? []) as unknown as AsyncIterable<string>) {
      rest += chunk;
      const messages = rest.split('\n\n');
      rest = messages.pop() ?? '';
      for (const message of messages) {
        const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(message) ?? [];
        if (event) events.push({ event, data: JSON.parse(data) });
      }
    }
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
  }
}
