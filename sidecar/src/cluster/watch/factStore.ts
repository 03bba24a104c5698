import { isDeepStrictEqual } from 'node:util';

/** One fact and whose it is; `namespace` is empty for what belongs to the whole cluster. */
export interface Entry<Fact> {
  namespace: string;
  name: string;
  fact: Fact;
}

/** The facts of one namespace. */
interface Group<Fact> {
  version: number;
  facts: Map<string, Fact>;
}

/** @param fact that came, changed or went; undefined when several did. */
export type FactListener<Fact> = (namespace: string, fact: Fact | undefined) => void;

/** Facts by namespace and name, with versions that tell what has to be worked out again. */
export class FactStore<Fact> {
  /** Grows with every change of a fact. */
  version = 0;
  readonly #groups = new Map<string, Group<Fact>>();
  readonly #listeners = new Set<FactListener<Fact>>();

  in(namespace = ''): Iterable<Fact> {
    return this.#groups.get(namespace)?.facts.values() ?? [];
  }

  get(namespace: string, name: string): Fact | undefined {
    return this.#groups.get(namespace)?.facts.get(name);
  }

  /**
   * @returns a number that changes with every change in the namespace, and is 0 while there is no fact in it. Any other
   * number never comes again, not even in a namespace that was empty in between: it is the store's own version.
   */
  versionIn(namespace: string): number {
    return this.#groups.get(namespace)?.version ?? 0;
  }

  /** @returns the namespaces in which there is a fact, in no order. */
  namespaces(): string[] {
    return [...this.#groups.keys()];
  }

  /** @param listener is called after each change. @returns what ends the calls. */
  onChange(listener: FactListener<Fact>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes nothing where the fact is the same: most events are about fields that nobody keeps, e.g. a pod's conditions. */
  set({ namespace, name, fact }: Entry<Fact>): void {
    const facts = this.#groups.get(namespace)?.facts ?? new Map<string, Fact>();
    if (isDeepStrictEqual(facts.get(name), fact)) return;
    facts.set(name, fact);
    this.#changed(namespace, facts, fact);
  }

  delete(namespace: string, name: string): void {
    const facts = this.#groups.get(namespace)?.facts;
    const fact = facts?.get(name);
    if (facts?.delete(name)) this.#changed(namespace, facts, fact);
  }

  /** Replaces all facts. Namespaces in which nothing differs keep their version. */
  replace(entries: Iterable<Entry<Fact>>): void {
    const next = new Map<string, Map<string, Fact>>();
    for (const { namespace, name, fact } of entries) {
      const facts = next.get(namespace) ?? new Map<string, Fact>();
      next.set(namespace, facts.set(name, fact));
    }
    for (const namespace of new Set([...this.#groups.keys(), ...next.keys()])) {
      const facts = next.get(namespace) ?? new Map<string, Fact>();
      if (isDeepStrictEqual(this.#groups.get(namespace)?.facts, facts)) continue;
      this.#changed(namespace, facts, undefined);
    }
  }

  /** A namespace without facts is forgotten: clusters that test make and delete thousands of namespaces a day. */
  #changed(namespace: string, facts: Map<string, Fact>, fact: Fact | undefined): void {
    this.version += 1;
    if (facts.size > 0) this.#groups.set(namespace, { version: this.version, facts });
    else this.#groups.delete(namespace);
    for (const listener of this.#listeners) listener(namespace, fact);
  }
}
