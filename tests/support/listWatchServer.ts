import { KubeConfig } from '@kubernetes/client-node';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An object as far as list and watch care. The server adds the resourceVersion. */
export interface ServedObject {
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

interface Watch {
  response: ServerResponse;
  isMuted: boolean;
}

interface Collection {
  objects: Map<string, ServedObject>;
  /** Events since `oldestVersion`, oldest first. */
  events: { version: number; line: string }[];
  oldestVersion: number;
  watches: Set<Watch>;
  refusal: { status: number; message: string } | 'no answer' | undefined;
}

/**
 * List and watch as the API server speaks them, over HTTP on 127.0.0.1: pages with continue tokens, watches that go on
 * from a resourceVersion, bookmarks, 410 Gone; and the ways in which they break. Paths without any object are empty
 * collections.
 */
export class ListWatchServer {
  /** Every request, oldest first: `LIST` or `WATCH`, path, query. */
  readonly requests: { verb: 'LIST' | 'WATCH'; path: string; query: Record<string, string> }[] = [];

  readonly #server = http.createServer((request, response) => this.#answer(request, response));
  readonly #collections = new Map<string, Collection>();
  readonly #pages = new Map<string, { items: ServedObject[]; version: number }>();
  #version = 1000;

  /** @param port 0 for any free one. @returns the port. */
  async listen(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** @returns how many watches are open. */
  openWatches(path: string): number {
    return this.#collection(path).watches.size;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  put(path: string, object: ServedObject): void {
    const { objects } = this.#collection(path);
    const key = keyOf(object);
    const type = objects.has(key) ? 'MODIFIED' : 'ADDED';
    const versioned = this.#stamp(object);
    objects.set(key, versioned);
    this.#emit(path, `${JSON.stringify({ type, object: versioned })}\n`);
  }

  remove(path: string, name: string, namespace?: string): void {
    const { objects } = this.#collection(path);
    const key = keyOf({ metadata: { name, namespace } });
    const object = objects.get(key);
    if (!object) throw new Error(`${path} has no ${key}`);
    objects.delete(key);
    this.#emit(path, `${JSON.stringify({ type: 'DELETED', object: this.#stamp(object) })}\n`);
  }

  /** Tells open watches the newest version, without an object. */
  bookmark(path: string): void {
    const resourceVersion = `${(this.#version += 1)}`;
    const line = JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion } } });
    this.#tell(path, `${line}\n`);
  }

  /** Forgets earlier versions: watches that are open or ask for an old version get 410 Gone. */
  expire(path: string): void {
    const collection = this.#collection(path);
    collection.events = [];
    collection.oldestVersion = this.#version += 1;
    this.fail(path, GONE.code, GONE.message);
  }

  /** Ends open watches with an event of type ERROR. */
  fail(path: string, status: number, message: string): void {
    const line = JSON.stringify({ type: 'ERROR', object: statusOf(status, message) });
    for (const { response } of this.#collection(path).watches) response.end(`${line}\n`);
  }

  /** Breaks the connections of open watches, after what was written before. */
  cut(path: string): void {
    const { watches } = this.#collection(path);
    for (const { response } of watches) response.write('\n', () => response.destroy());
    watches.clear();
  }

  /** Puts an object whose event breaks off half-way on open watches, together with the connection. */
  putHalf(path: string, object: ServedObject): void {
    const { watches } = this.#collection(path);
    const broken = [...watches];
    watches.clear();
    this.put(path, object);
    const { line } = this.#collection(path).events.at(-1)!;
    for (const { response } of broken) {
      response.write(line.slice(0, line.length / 2), () => response.destroy());
    }
  }

  /** Leaves open watches open, and sends nothing more on them. */
  mute(path: string): void {
    for (const watch of this.#collection(path).watches) watch.isMuted = true;
  }

  /** Answers every request with this status from now on. */
  refuse(path: string, status: number, message: string): void {
    this.#collection(path).refusal = { status, message };
  }

  /** Takes every request and answers none from now on. */
  ignore(path: string): void {
    this.#collection(path).refusal = 'no answer';
  }

  /** Ends `refuse` and `ignore`. */
  allow(path: string): void {
    this.#collection(path).refusal = undefined;
  }

  #collection(path: string): Collection {
    let collection = this.#collections.get(path);
    if (!collection) {
      collection = {
        objects: new Map(),
        events: [],
        oldestVersion: this.#version,
        watches: new Set(),
        refusal: undefined,
      };
      this.#collections.set(path, collection);
    }
    return collection;
  }

  #stamp(object: ServedObject): ServedObject {
    const resourceVersion = `${(this.#version += 1)}`;
    return { ...object, metadata: { ...object.metadata, resourceVersion } };
  }

  #emit(path: string, line: string): void {
    this.#collection(path).events.push({ version: this.#version, line });
    this.#tell(path, line);
  }

  #tell(path: string, line: string): void {
    for (const { response, isMuted } of this.#collection(path).watches) {
      if (!isMuted) response.write(line);
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/readyz') return void response.end('ok');
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const path = url.pathname;
    const query = Object.fromEntries(url.searchParams);
    const verb = query.watch === 'true' ? 'WATCH' : 'LIST';
    this.requests.push({ verb, path, query });

    const { refusal } = this.#collection(path);
    if (refusal === 'no answer') return;
    if (refusal) return send(response, refusal.status, statusOf(refusal.status, refusal.message));
    if (verb === 'LIST') this.#list(path, query, response);
    else this.#watch(path, query, response);
  }

  #list(path: string, query: Record<string, string>, response: ServerResponse): void {
    const start = { items: [...this.#collection(path).objects.values()], version: this.#version };
    const { items, version } = query.continue ? this.#pages.get(query.continue)! : start;
    const limit = Number(query.limit ?? Infinity);
    const rest = items.slice(limit);
    const token = rest.length > 0 ? `page-${this.#pages.size}` : undefined;
    if (token) this.#pages.set(token, { items: rest, version });
    send(response, 200, {
      kind: 'List',
      metadata: { resourceVersion: `${version}`, continue: token },
      items: items.slice(0, limit),
    });
  }

  #watch(path: string, query: Record<string, string>, response: ServerResponse): void {
    const collection = this.#collection(path);
    const since = Number(query.resourceVersion);
    if (since < collection.oldestVersion) return send(response, 410, GONE);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    for (const { version, line } of collection.events) if (version > since) response.write(line);
    const watch = { response, isMuted: false };
    collection.watches.add(watch);
    const timeout = setTimeout(() => response.end(), Number(query.timeoutSeconds) * 1000);
    response.on('close', () => {
      clearTimeout(timeout);
      collection.watches.delete(watch);
    });
  }
}

/** @returns the kubeconfig of a ListWatchServer. */
export function kubeConfigFor(port: number): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'local', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'nobody' }
  );
  return kubeConfig;
}

const statusOf = (code: number, message: string) => ({
  kind: 'Status',
  status: 'Failure',
  code,
  message,
});

const GONE = statusOf(410, 'too old resource version');

const keyOf = ({ metadata }: ServedObject): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`;

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
