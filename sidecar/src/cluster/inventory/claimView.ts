import type {
  ClaimFact,
  ClaimUser,
  NodeFact,
  PodFact,
  StorageClassFact,
  VolumeFact,
  WorkloadFact,
} from '../watch/facts.ts';
import type { FactStore } from '../watch/factStore.ts';
import type { Claim } from './inventory.ts';
import { compare, joinClaims } from './join.ts';
import { indexOwners, usersOf } from './owners.ts';
import { type Storage, storageOf } from './storage.ts';

/** Where the facts are that claims are joined from. */
export interface Stores {
  claims: FactStore<ClaimFact>;
  pods: FactStore<PodFact>;
  workloads: FactStore<WorkloadFact>[];
  volumes: FactStore<VolumeFact>;
  nodes: FactStore<NodeFact>;
  storageClasses: FactStore<StorageClassFact>;
}

/** Something worked out from facts of these versions. */
interface Versioned<T> {
  version: string;
  value: T;
}

type ClaimsByName = ReadonlyMap<string, Claim>;

const NONE: ClaimsByName = new Map();

/**
 * Joins when somebody looks, and a namespace again only when something in it or in the cluster's storage has changed:
 * pods come and go all the time, but in few namespaces at once.
 */
export class ClaimView {
  readonly #stores: Stores;
  readonly #joined = new Map<string, Versioned<ClaimsByName>>();
  #storage: Versioned<Storage> | undefined;

  constructor(stores: Stores) {
    this.#stores = stores;
    stores.claims.onChange(namespace => {
      if (stores.claims.versionIn(namespace) === 0) this.#joined.delete(namespace);
    });
  }

  /** @returns the claims of one namespace or of all, ordered by namespace, then name; the list is the caller's. */
  claims(namespace?: string): Claim[] {
    if (namespace !== undefined) return [...this.#in(namespace).values()];
    const namespaces = this.#stores.claims.namespaces().sort(compare);
    return namespaces.flatMap(name => [...this.#in(name).values()]);
  }

  claim(namespace: string, name: string): Claim | undefined {
    return this.#in(namespace).get(name);
  }

  /** @returns who uses a claim; see `usersOf`. It is worked out again each time. */
  usersOf(namespace: string, name: string): ClaimUser[] {
    const { claims, pods, workloads } = this.#stores;
    const claim = claims.get(namespace, name);
    if (!claim) return [];
    const all = workloads.flatMap(store => [...store.in(namespace)]);
    return usersOf(claim, indexOwners(pods.in(namespace), all));
  }

  /** @returns how many namespaces are kept; none that has lost its last claim. */
  size(): number {
    return this.#joined.size;
  }

  /** @returns for each namespace with claims a text that changes when any fact behind its claims does. */
  versions(): Map<string, string> {
    return new Map(this.#stores.claims.namespaces().map(name => [name, this.#versionIn(name)]));
  }

  #versionIn(namespace: string): string {
    const { claims, pods, workloads } = this.#stores;
    const stores = [claims, pods, ...workloads];
    return [this.#storageNow().version, ...stores.map(store => store.versionIn(namespace))].join();
  }

  #in(namespace: string): ClaimsByName {
    const { claims, pods, workloads } = this.#stores;
    // Nothing is kept for a namespace without claims, or one that a caller invented.
    if (claims.versionIn(namespace) === 0) return NONE;

    const storage = this.#storageNow();
    const version = this.#versionIn(namespace);
    const known = this.#joined.get(namespace);
    if (known?.version === version) return known.value;

    const facts = {
      claims: claims.in(namespace),
      pods: pods.in(namespace),
      workloads: workloads.flatMap(store => [...store.in(namespace)]),
    };
    const joined = joinClaims(facts, storage.value).map(claim => [claim.name, claim] as const);
    const value = new Map(joined);
    this.#joined.set(namespace, { version, value });
    return value;
  }

  #storageNow(): Versioned<Storage> {
    const { volumes, nodes, storageClasses } = this.#stores;
    const version = [volumes, nodes, storageClasses].map(store => store.version).join();
    if (this.#storage?.version !== version) {
      const facts = {
        volumes: volumes.in(),
        nodes: nodes.in(),
        storageClasses: storageClasses.in(),
      };
      this.#storage = { version, value: storageOf(facts) };
    }
    return this.#storage;
  }
}
