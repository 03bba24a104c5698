import { alreadyExists, conflict, notFound } from './failure.ts';
import { type Kind, KINDS, resourceName } from './kinds.ts';
import type { KubeObject } from './object.ts';

/** One change of one object. */
export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** As it is now; of a deleted object the last state, with the version of the deletion. */
  object: KubeObject;
  /** As it was; absent for a new object. */
  previous?: KubeObject;
  version: number;
}

export type Listener = (change: Change) => void;

interface Collection {
  objects: Map<string, KubeObject>;
  /** Their keys in order; made when it is asked for. */
  order: string[] | undefined;
  /** Oldest first, each newer than `forgotten`. */
  history: Change[];
  /** Changes up to this version are no longer known. */
  forgotten: number;
  listeners: Set<Listener>;
}

/** Far above 1, so that version 1 is too old, as on a cluster that has run for a while. */
const FIRST_VERSION = 1000;

/**
 * All objects, in memory, under one counter of versions, and what happened to them last. It knows nothing of what the
 * kinds mean. Listeners are called at once, in the order of the changes.
 */
export class Store {
  readonly #collections = new Map<string, Collection>();
  readonly #historyLimit: number;
  #version = FIRST_VERSION;

  /** @param historyLimit how many changes of a kind are remembered; a watch cannot begin before them. */
  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
    for (const kind of KINDS) {
      if (kind.storedAs) continue;
      this.#collections.set(resourceName(kind), {
        objects: new Map(),
        order: undefined,
        history: [],
        forgotten: FIRST_VERSION,
        listeners: new Set(),
      });
    }
  }

  get version(): number {
    return this.#version;
  }

  get<T extends KubeObject>(
    kind: Kind,
    namespace: string | undefined,
    name: string
  ): T | undefined {
    return this.#of(kind).objects.get(keyOf(namespace, name)) as T | undefined;
  }

  /** @returns the objects of one namespace or of all, ordered by namespace, then name. */
  list<T extends KubeObject>(kind: Kind, namespace?: string): T[] {
    const collection = this.#of(kind);
    collection.order ??= [...collection.objects.keys()].sort();
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    return collection.order
      .filter(key => key.startsWith(prefix))
      .map(key => collection.objects.get(key) as T);
  }

  /** @throws Failure 409 AlreadyExists. */
  create<T extends KubeObject>(kind: Kind, object: T): T {
    const { namespace, name } = object.metadata;
    if (this.get(kind, namespace, name)) throw alreadyExists(kind, name);
    return this.#commit(kind, 'ADDED', object, undefined);
  }

  /**
   * Replaces an object. One that differs in nothing is left as it is.
   * @throws Failure 404, or 409 when `object` was made from an older version.
   */
  update<T extends KubeObject>(kind: Kind, object: T): T {
    const { namespace, name, resourceVersion } = object.metadata;
    const previous = this.get<T>(kind, namespace, name);
    if (!previous) throw notFound(kind, name);
    if (resourceVersion !== previous.metadata.resourceVersion) throw conflict(kind, name);
    if (JSON.stringify(object) === JSON.stringify(previous)) return previous;
    return this.#commit(kind, 'MODIFIED', object, previous);
  }

  /** @returns the last state; undefined when there is none. */
  remove<T extends KubeObject>(
    kind: Kind,
    namespace: string | undefined,
    name: string
  ): T | undefined {
    const previous = this.get<T>(kind, namespace, name);
    return previous && this.#commit(kind, 'DELETED', previous, previous);
  }

  /** @returns the changes after that version; undefined when some of them are forgotten. */
  since(kind: Kind, version: number): Change[] | undefined {
    const { history, forgotten } = this.#of(kind);
    return version < forgotten ? undefined : history.filter(change => change.version > version);
  }

  /** Forgets what happened so far: watches from now on must begin with a list, or get 410. */
  forget(): void {
    for (const collection of this.#collections.values()) {
      collection.history = [];
      collection.forgotten = this.#version;
    }
  }

  /** @returns how to end it. */
  subscribe(kind: Kind, listener: Listener): () => void {
    const { listeners } = this.#of(kind);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #of(kind: Kind): Collection {
    return this.#collections.get(kind.storedAs ?? resourceName(kind))!;
  }

  #commit<T extends KubeObject>(
    kind: Kind,
    type: Change['type'],
    from: T,
    previous: T | undefined
  ): T {
    const collection = this.#of(kind);
    const version = (this.#version += 1);
    const object = { ...from, metadata: { ...from.metadata, resourceVersion: `${version}` } };
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    if (type !== 'MODIFIED') collection.order = undefined;
    if (type === 'DELETED') collection.objects.delete(key);
    else collection.objects.set(key, object);

    const change: Change = { type, object, ...(previous && { previous }), version };
    collection.history.push(change);
    if (collection.history.length > this.#historyLimit) {
      collection.forgotten = collection.history.shift()!.version;
    }
    for (const listener of [...collection.listeners]) listener(change);
    return object;
  }
}

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;
