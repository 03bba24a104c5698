import { lstatSync, readdirSync, readFileSync, rmdirSync, type Stats, unlinkSync } from 'node:fs';
import { nameOf, Refusal } from './refusal.ts';

/** Directories at the top of a volume that belong to its file system or server; pack.sh leaves them out of archives. */
const RESERVED = ['.snapshot', '~snapshot', 'lost+found'];

/** The volume's file system has refused something, in words like tar's. */
export class VolumeError extends Error {}

const TEXTS: Partial<Record<string, string>> = {
  EROFS: 'Read-only file system',
  EIO: 'Input/output error',
  ESTALE: 'Stale file handle',
  EUCLEAN: 'Structure needs cleaning',
  ENOTCONN: 'Transport endpoint is not connected',
  ENOSPC: 'No space left on device',
  EDQUOT: 'Disk quota exceeded',
  EPERM: 'Operation not permitted',
  EACCES: 'Permission denied',
};

function attempt<T>(path: string, what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code = 'EUNKNOWN' } = error as NodeJS.ErrnoException;
    throw new VolumeError(`${nameOf(path)}: Cannot ${what}: ${TEXTS[code] ?? code}`);
  }
}

/** The volume that is written to. Paths are bytes (`latin1`), below its root. */
export class Target {
  readonly #root: string;
  /** Mount points in the volume, and the directories that lead there. */
  readonly #mounts: ReadonlySet<string>;
  readonly #leadToMounts: ReadonlySet<string>;
  readonly #reserved: readonly string[];

  /** @param root as bytes (`latin1`) */
  constructor(root: string, mountinfo = readFileSync('/proc/self/mountinfo', 'latin1')) {
    this.#root = root;
    this.#mounts = mountsBelow(root, mountinfo);
    this.#leadToMounts = new Set([...this.#mounts].flatMap(ancestors));
    this.#reserved = this.#findReserved();
  }

  #findReserved(): string[] {
    const isDirectory = (path: string) => this.look(path)?.isDirectory() === true;
    const reserved = RESERVED.filter(isDirectory);
    if (!isDirectory('.zfs') || !isDirectory('.zfs/snapshot')) return reserved;
    const isOfServer = this.entries('.zfs').every(({ path }) => /\/(snapshot|shares)$/.test(path));
    return [...reserved, isOfServer ? '.zfs' : '.zfs/snapshot'];
  }

  /** @returns the names at the top that are of the volume: no reserved directories, and no mount points. */
  topNames(): string[] {
    return this.entries('')
      .filter(({ path }) => !this.isReserved(path) && !this.isMount(path))
      .map(({ path }) => path);
  }

  /** Whether it was a directory of the file system or its server when this began, or is in one. */
  isReserved(path: string): boolean {
    return this.#reserved.some(each => path === each || path.startsWith(`${each}/`));
  }

  /** Whether there is anything in the volume that is not of it. */
  hasOthers(): boolean {
    return this.#mounts.size > 0 || this.#reserved.some(path => this.entries(path).length > 0);
  }

  /** @returns what a directory holds. @throws VolumeError */
  entries(directory: string): { path: string; isDirectory: boolean }[] {
    const entries = attempt(directory, 'read', () =>
      readdirSync(this.#full(directory), { encoding: 'buffer', withFileTypes: true })
    );
    return entries.map(entry => {
      const name = entry.name.toString('latin1');
      return {
        path: directory === '' ? name : `${directory}/${name}`,
        isDirectory: entry.isDirectory(),
      };
    });
  }

  /** @returns undefined where nothing has this name. */
  look(path: string): Stats | undefined {
    return attempt(path, 'look at', () => {
      try {
        // Most names are free: an error for each would take longer than all else that is done with an entry.
        return lstatSync(this.#full(path), { throwIfNoEntry: false });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOTDIR') return undefined;
        throw error;
      }
    });
  }

  isMount(path: string): boolean {
    return this.#mounts.has(path);
  }

  /** Whether a mount point is at this path or above it. */
  isInMount(path: string): boolean {
    return this.#mounts.size > 0 && [path, ...ancestors(path)].some(each => this.isMount(each));
  }

  leadsToMount(path: string): boolean {
    return this.#leadToMounts.has(path);
  }

  /**
   * Removes what has this name, a directory with all that is in it.
   * @returns how many entries that were.
   * @throws Refusal when another file system is mounted there; VolumeError
   */
  remove(path: string, isDirectory: boolean): number {
    if (this.isMount(path) || this.leadsToMount(path)) {
      throw new Refusal(
        'VolumeInTheWay',
        'an entry of the volume must be replaced, but another file system is mounted there',
        path
      );
    }
    if (!isDirectory) {
      attempt(path, 'remove', () => unlinkSync(this.#full(path)));
      return 1;
    }
    let removed = 1;
    for (const below of this.entries(path)) removed += this.remove(below.path, below.isDirectory);
    attempt(path, 'remove', () => rmdirSync(this.#full(path)));
    return removed;
  }

  #full(path: string): Buffer {
    return Buffer.from(path === '' ? this.#root : `${this.#root}/${path}`, 'latin1');
  }
}

function mountsBelow(root: string, mountinfo: string): Set<string> {
  const mounts = mountinfo
    .split('\n')
    .map(line => line.split(' ')[4] ?? '')
    .map(point =>
      point.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8)))
    );
  return new Set(
    mounts.filter(point => point.startsWith(`${root}/`)).map(point => point.slice(root.length + 1))
  );
}

/** @returns the directories above a path, the nearest first, without the root. */
export function ancestors(path: string): string[] {
  const above: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    above.push(path.slice(0, end));
  }
  return above;
}
