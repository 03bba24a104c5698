import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { IMPLIED, NONE, type Records } from './records.ts';

/** The kernel takes no longer path at once (PATH_MAX, with the NUL at its end). tar names every entry by its whole path. */
export const LONGEST_PATH = 4095;
/** Entries beside the tree have the path of that place before them. */
const LONGEST_STEP = LONGEST_PATH - 95;

interface Base {
  /** The way there, in steps that are short enough. */
  steps: string[];
  path: string;
}

/**
 * Entries whose paths are too long for tar are unpacked beside the tree, and then moved to their place, step by step.
 */
export class Deep {
  readonly #stage = `.nkvm-deep-${randomBytes(8).toString('hex')}`;
  /** By path of the base; the deepest of a path comes last. */
  readonly #bases = new Map<string, { number: number } & Base>();

  /** @returns the path by which tar unpacks an entry. */
  place(path: string): string {
    if (path.length <= LONGEST_PATH) return path;
    const base: Base = { steps: [], path: '' };
    let rest = path;
    // The first step is the deepest directory that tar can make at its place.
    for (let longest = LONGEST_PATH; rest.length > longest; longest = LONGEST_STEP) {
      const end = rest.lastIndexOf('/', longest);
      base.steps.push(rest.slice(0, end));
      rest = rest.slice(end + 1);
    }
    base.path = base.steps.join('/');
    const known = this.#bases.get(base.path);
    const number = known?.number ?? this.#bases.size;
    if (!known) this.#bases.set(base.path, { ...base, number });
    return `${this.#stage}/${number}/${rest}`;
  }

  /**
   * Moves everything to its place, and gives directories their times back.
   * @param root the volume, as bytes (`latin1`)
   * @throws what the file system says
   */
  settle(root: string, records: Records): void {
    if (this.#bases.size === 0) return;
    const before = openSync('.', 'r');
    const bases = [...this.#bases.values()].sort((a, b) => a.steps.length - b.steps.length);
    for (const { number, steps, path } of bases) {
      const from = `${root}/${this.#stage}/${number}`;
      enter(root);
      steps.forEach(enter);
      for (const name of readdirSync(bytes(from), { encoding: 'buffer' })) {
        renameSync(bytes(`${from}/${name.toString('latin1')}`), name);
      }
      setTime(records, path);
      rmdirSync(bytes(from));
    }
    enter(root);
    rmdirSync(this.#stage);
    setTime(records, '');
    process.chdir(`/proc/self/fd/${before}`);
    closeSync(before);
  }
}

const bytes = (path: string): Buffer => Buffer.from(path, 'latin1');

/** Makes a directory the current one, whatever the bytes of its name and the length of its whole path. */
function enter(directory: string): void {
  const fd = openSync(bytes(directory), 'r');
  process.chdir(`/proc/self/fd/${fd}`);
  closeSync(fd);
}

/** Node's own `utimes` knows no nanoseconds. */
function setTime(records: Records, path: string): void {
  const record = records.find(path);
  if (record === NONE || records.flags(record) & IMPLIED) return;
  const { seconds, nanoseconds } = records.get(record);
  const time = `@${seconds}.${`${nanoseconds}`.padStart(9, '0')}`;
  spawnSync('touch', ['--no-create', '-d', time, '.']);
}
