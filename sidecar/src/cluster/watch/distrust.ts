import { ApiFailure } from '../gateway/apiFailure.ts';
import type { ReadWatch } from './watchEvents.ts';

/** Limits of one resource of an API server that nobody has to trust. */
export interface DistrustLimits extends ReadWatch {
  mostObjects: number;
  /** Of all facts, as JSON. */
  mostBytes: number;
}

/** 100,000 facts of 300 bytes each would be 30 MB. */
export const distrustLimits: DistrustLimits = {
  mostObjects: 100_000,
  mostBytes: 64 * 1024 * 1024,
  longestLine: 4 * 1024 * 1024,
  bytesPerSecond: 2 * 1024 * 1024,
};

/** The names that Kubernetes gives: they become parts of paths, files and labels. */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Counts what an API server makes us keep. Each event of a watch counts, also for an object that is known: a list counts again. */
export class Distrust {
  readonly #resource: string;
  readonly #limits: DistrustLimits;
  #objects = 0;
  #bytes = 0;

  constructor(resource: string, limits: DistrustLimits) {
    this.#resource = resource;
    this.#limits = limits;
  }

  startList(): void {
    this.#objects = 0;
    this.#bytes = 0;
  }

  /**
   * @param from a watch that has brought too much is followed by a list, which counts again
   * @throws ApiFailure for a name that Kubernetes does not give, and when there is too much
   */
  add({ namespace, name }: { namespace: string; name: string }, fact: unknown, from: From): void {
    if (!isName(name) || (namespace !== '' && !isName(namespace)))
      throw this.#refused('sent an object with a name that Kubernetes does not allow', 'list');
    this.#objects += 1;
    this.#bytes += JSON.stringify(fact).length;
    const { mostObjects, mostBytes } = this.#limits;
    if (this.#objects > mostObjects)
      throw this.#refused(`sent more than ${mostObjects} objects, which NKVM does not keep`, from);
    if (this.#bytes > mostBytes) {
      const mebibytes = mostBytes / 1024 / 1024;
      throw this.#refused(`sent more than ${mebibytes} MiB, which NKVM does not keep`, from);
    }
  }

  #refused(why: string, from: From): ApiFailure {
    const kind = from === 'watch' ? 'gone' : 'invalid';
    const status = 410; // only a list tells where we are
    return new ApiFailure(`the API server ${why} (${this.#resource})`, {
      ...{ kind, class: 'unknown', status },
    });
  }
}

type From = 'list' | 'watch';

const isName = (name: unknown): boolean => typeof name === 'string' && NAME.test(name);
