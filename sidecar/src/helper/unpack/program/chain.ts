import { type NameState, readDumpdir } from './dumpdir.ts';
import type { Entry } from './entry.ts';
import { Refusal } from './refusal.ts';
import { Wanted } from './wanted.ts';

/**
 * Takes from the archives of a chain what the volume held at the time of the newest one. They come newest first, so that each
 * entry is written once, in its newest version, and nothing has to be deleted or renamed again:
 *
 * | archive | entry | |
 * | --- | --- | --- |
 * | the newest | any | is taken. Each directory is there, with all its names; a name that is unchanged is wanted from now on |
 * | an older one | a directory | is left out |
 * | | anything else | is taken if it is wanted |
 */
export class Chain {
  readonly #wanted = new Wanted();
  /** Number of the archive that is read; 0 is the newest. */
  #link = 0;
  readonly #mayBeLeftOut: (path: string) => boolean;

  /** @param mayBeLeftOut see kept.ts */
  constructor(mayBeLeftOut: (path: string) => boolean) {
    this.#mayBeLeftOut = mayBeLeftOut;
  }

  /** @returns whether the entry belongs to the volume. @throws Refusal when the archives do not belong together. */
  takes(entry: Entry): boolean {
    const { path, type } = entry;
    const link = this.#link;
    if (type === 'directory') {
      if (entry.dumpdir === undefined) throw broken('has a directory without its names', path);
      readDumpdir(entry.dumpdir, (name, state) =>
        this.#name(path === '' ? name : `${path}/${name}`, state)
      );
      return link === 0;
    }
    if (link === 0) return true;
    if (!this.#wanted.find(path, link)) return false;
    if (type === 'hardlink' && !this.#wanted.isFoundIn(entry.target, link)) {
      throw broken('has a hard link to something that has changed since', path);
    }
    return true;
  }

  /** To be called at the end of each archive. @throws Refusal when it does not belong to the one before. */
  endLink(isFull: boolean): void {
    if (this.#link > 0 || isFull) {
      const unlisted = this.#wanted.endOf(this.#link, isFull);
      if (unlisted > 0) throw broken(`lacks ${unlisted} entries that a later one needs`);
    }
    this.#link++;
  }

  #name(path: string, state: NameState): void {
    if (state === 'directory') return;
    if (this.#link > 0) this.#wanted.list(path, this.#link, state === 'packed');
    else if (state === 'unchanged') this.#wanted.add(path, this.#mayBeLeftOut(path));
  }
}

const broken = (what: string, path?: string): Refusal =>
  new Refusal('ChainBroken', `an archive of the chain ${what}`, path);
