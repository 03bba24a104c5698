import { isDeepStrictEqual } from 'node:util';

/** One fact and whose it is; `namespace` is empty for what belongs to the whole cluster. */
export interface Entry<Fact> {
  namespace: string;
  name: string;
  fact: Fact;
}

interface Shelf<Fact> {
  version: number;
  facts: Map<string, Fact>;
}

/** Facts by namespace and name, with versions that tell what has to be worked out again. */
export class FactStore<Fact> {
  /** Grows with every change of a fact. */
  version = 0;
  /** A shelf stays when its last fact goes, so that its version never comes again. */
  #shelves = new Map<string, Shelf<Fact>>();

  in(namespace = ''): Iterable<Fact> {
    return this.#shelves.get(namespace)?.facts.values() ?? [];
  }

  get(namespace: string, name: string): Fact | undefined {
    return this.#shelves.get(namespace)?.facts.get(name);
  }

  /** @returns a number that grows with every change in the namespace. */
  versionIn(namespace: string): number {
    return this.#shelves.get(namespace)?.version ?? 0;
  }

  /** @returns the namespaces in which there is a fact, in no order. */
  namespaces(): string[] {
    return [...this.#shelves].flatMap(([name, { facts }]) => (facts.size > 0 ? name : []));
  }

  /** Changes nothing where the fact is what it was: most events are about what nobody keeps, e.g. a pod's conditions. */
  set({ namespace, name, fact }: Entry<Fact>): void {
    const shelf = this.#shelf(namespace);
    if (isDeepStrictEqual(shelf.facts.get(name), fact)) return;
    shelf.facts.set(name, fact);
    this.#changed(shelf);
  }

  delete(namespace: string, name: string): void {
    const shelf = this.#shelf(namespace);
    if (shelf.facts.delete(name)) this.#changed(shelf);
  }

  /** Takes these for all that was there. */
  replace(entries: Iterable<Entry<Fact>>): void {
    for (const shelf of this.#shelves.values()) {
      shelf.facts.clear();
      this.#changed(shelf);
    }
    for (const { namespace, name, fact } of entries) {
      const shelf = this.#shelf(namespace);
      shelf.facts.set(name, fact);
      this.#changed(shelf);
    }
  }

  #shelf(namespace: string): Shelf<Fact> {
    let shelf = this.#shelves.get(namespace);
    if (!shelf) {
      shelf = { version: 0, facts: new Map() };
      this.#shelves.set(namespace, shelf);
    }
    return shelf;
  }

  #changed(shelf: Shelf<Fact>): void {
    this.version += 1;
    shelf.version += 1;
  }
}
