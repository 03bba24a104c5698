import { LONGEST_PATH } from './deep.ts';
import type { Entry } from './entry.ts';
import type { Records } from './records.ts';
import { IMPLIED, NONE } from './records.ts';
import { Refusal } from './refusal.ts';
import { ancestors, type Target } from './target.ts';

export type Mode = 'new' | 'empty' | 'overwrite' | 'mirror';

export const isIntoEmpty = (mode: Mode): boolean => mode === 'new' || mode === 'empty';

const NO_DIGEST = Buffer.alloc(16);
const MOST_KNOWN = 50_000;

/**
 * Decides before tar sees an entry whether it may be written, and makes way for it. tar follows symbolic links in the
 * middle of a path, so every directory above an entry is looked at, in the archive and in the volume.
 */
export class Guard {
  readonly #records: Records;
  readonly #target: Target;
  readonly #mode: Mode;
  /** Directories that are known to be directories. */
  readonly #known = new Set<string>();
  /** Entries that were removed from the volume because the archive has something else of that name. */
  replaced = 0;
  /** Whether anything of the volume was removed, or was about to be. */
  hasRemoved = false;

  constructor(records: Records, target: Target, mode: Mode) {
    this.#records = records;
    this.#target = target;
    this.#mode = mode;
  }

  /**
   * @returns the number of the entry's record, not filled in yet.
   * @throws Refusal, and nothing of this entry was written then.
   */
  admit(entry: Entry): number {
    const { path, type } = entry;
    if (path === '') {
      if (type !== 'directory') throw hostile(`the root is a ${type}`, path);
      return this.#records.at(path);
    }
    this.#checkParents(path);
    if (type === 'hardlink') this.#checkLink(entry);
    const before = this.#records.find(path);
    const wasDirectory = before !== NONE && this.#records.type(before) === 'directory';
    if (wasDirectory && type !== 'directory') {
      throw hostile(`an entry is a directory, and later a ${type}`, path);
    }
    if (before !== NONE) return this.#records.renewed(path);
    this.#makeWay(path, type);
    return this.#records.at(path);
  }

  #checkParents(path: string): void {
    for (const parent of ancestors(path)) {
      if (this.#known.has(parent)) break;
      const record = this.#records.find(parent);
      if (record === NONE) {
        this.#makeWay(parent, 'directory');
        this.#imply(parent);
      } else if (this.#records.type(record) !== 'directory') {
        throw hostile(`an entry would be written through a ${this.#records.type(record)}`, path);
      }
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.add(parent);
    }
  }

  #checkLink({ path, target }: Entry): void {
    const record = this.#records.find(target);
    if (record === NONE || this.#records.flags(record) & IMPLIED) {
      throw hostile('an entry is a hard link to something that does not come before it', path);
    }
    if (this.#records.type(record) === 'directory' || target === path) {
      throw hostile('an entry is a hard link to a directory, or to itself', path);
    }
  }

  #imply(path: string): void {
    const record = this.#records.at(path);
    this.#records.set(record, {
      type: 'directory',
      mode: 0,
      uid: 0,
      gid: 0,
      seconds: 0,
      nanoseconds: 0,
      size: 0,
      digest: NO_DIGEST,
      xattrs: 0,
      acls: 0,
      capability: 0,
    });
    this.#records.addFlags(record, IMPLIED);
  }

  /** Nothing of the volume is ever written through: what is in the way goes first, links and shared files alike. */
  #makeWay(path: string, type: Entry['type']): void {
    if (path.length > LONGEST_PATH) return; // only into an empty volume
    const there = this.#target.look(path);
    if (!there) return;
    if (there.isDirectory() && type === 'directory') return;
    if (isIntoEmpty(this.#mode)) {
      throw new Refusal(
        'VolumeNotEmpty',
        'something else writes to the volume while it is restored',
        path
      );
    }
    this.hasRemoved = true;
    this.replaced += this.#target.remove(path, there.isDirectory());
  }
}

const hostile = (what: string, path: string): Refusal => new Refusal('ArchiveHostile', what, path);
