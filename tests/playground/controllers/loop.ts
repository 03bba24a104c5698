import { Failure } from '../store/failure.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Change, Store } from '../store/store.ts';

/** Compares all objects with what they should be, and changes them. It may be called at any time, and often. */
export type Reconcile = () => void;

/** Calls controllers after changes, in a later turn, so that many changes cost one call. */
export class Loop {
  readonly #store: Store;
  readonly #endings: (() => void)[] = [];
  #isStopped = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * @param resources changes of which kinds matter to it, e.g. `pods`, `jobs.batch`.
   * @param matters which of their changes do.
   */
  add(
    resources: readonly string[],
    reconcile: Reconcile,
    matters: (change: Change) => boolean = () => true
  ): void {
    let isDue = false;
    const soon = (): void => {
      if (isDue || this.#isStopped) return;
      isDue = true;
      setImmediate(() => {
        isDue = false;
        if (!this.#isStopped) reconcile();
      });
    };
    for (const resource of resources) {
      const listen = (change: Change) => void (matters(change) && soon());
      this.#endings.push(this.#store.subscribe(kindNamed(resource), listen));
    }
    soon();
  }

  stop(): void {
    this.#isStopped = true;
    this.#endings.forEach(end => end());
  }
}

/** A refusal on one object, e.g. in a namespace that is being deleted, must not keep the others waiting. */
export function each<T>(objects: readonly T[], act: (object: T) => void): void {
  for (const object of objects) {
    try {
      act(object);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
}
