import * as fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** One change of a tree of files. Numbers choose among what is there when it is made. */
export interface TreeChange {
  what:
    | 'create'
    | 'write'
    | 'append'
    | 'makeDirectory'
    | 'rename'
    | 'delete'
    | 'replace'
    | 'touch'
    | 'chmod'
    | 'link'
    | 'symlink'
    | 'fifo'
    | 'socket'
    | 'recreate'
    | 'swap';
  one: number;
  other: number;
}

const WHATS: TreeChange['what'][] = [
  'create',
  'create',
  'create',
  'write',
  'append',
  'makeDirectory',
  'makeDirectory',
  'rename',
  'rename',
  'delete',
  'replace',
  'touch',
  'chmod',
  'link',
  'symlink',
  'fifo',
  'socket',
  'recreate',
  'swap',
];

/** Changes in several rounds: after each of them the tree is backed up. */
export const treeHistories = (
  most: { rounds?: number; changes?: number } = {}
): fc.Arbitrary<TreeChange[][]> =>
  fc.array(
    fc.array(
      fc.record({
        what: fc.constantFrom(...WHATS),
        one: fc.nat(1_000_000),
        other: fc.nat(1_000_000),
      }),
      { maxLength: most.changes ?? 12 }
    ),
    { minLength: 1, maxLength: most.rounds ?? 5 }
  );

const NAMES = ['a', 'b', 'c', 'Ydata', 'R', ' x', 'new\nline', 'ä', '-C', '*', '\\', 'd.txt'];

/** @returns one change, for a history that a test writes down. */
export const change = (what: TreeChange['what'], one: number, other: number): TreeChange => ({
  ...{ what, one, other },
});

/** Changes a tree. A change for which nothing fits is left out. */
export function changeTree(root: string, { what, one, other }: TreeChange): void {
  const all = pathsOf(root);
  const directories = ['', ...all.filter(path => lstatSync(join(root, path)).isDirectory())];
  const files = all.filter(path => lstatSync(join(root, path)).isFile());
  const pick = (from: readonly string[], number: number): string | undefined =>
    from.length === 0 ? undefined : from[number % from.length];
  const fresh = (): string => {
    const directory = pick(directories, one) as string;
    return join(root, directory, NAMES[other % NAMES.length] as string);
  };
  const text = `${what} ${one} ${other}\n`.repeat(1 + (other % 50));
  const any = pick(all, one);
  const file = pick(files, one);
  const at = (path: string): string => join(root, path);
  switch (what) {
    case 'create':
      return ifFree(fresh(), path => writeFileSync(path, text));
    case 'makeDirectory':
      return ifFree(fresh(), path => mkdirSync(path));
    case 'symlink':
      return ifFree(fresh(), path => symlinkSync(text.slice(0, 20), path));
    case 'fifo':
      return ifFree(fresh(), path => execFileSync('mkfifo', ['--', path]));
    case 'socket':
      // Of a name that no file has had: where it had, tar alone leaves the deleted file there (docs/reference/incremental.md).
      return ifFree(join(root, pick(directories, other) as string, `s${one % 7}`), makeSocket);
    case 'write':
      return file === undefined ? undefined : writeFileSync(at(file), text);
    case 'append':
      return file === undefined ? undefined : writeFileSync(at(file), text, { flag: 'a' });
    case 'link':
      return file === undefined
        ? undefined
        : ifFree(join(root, pick(directories, other) as string, `l${one % 7}`), path =>
            linkSync(at(file), path)
          );
    case 'rename': {
      if (any === undefined || lstatSync(at(any)).isSocket()) return;
      const to = join(
        root,
        pick(directories, other) as string,
        NAMES[(one + other) % NAMES.length] as string
      );
      if (`${to}/`.startsWith(`${at(any)}/`)) return;
      return ifFree(to, path => renameSync(at(any), path));
    }
    case 'delete':
      return any === undefined ? undefined : rmSync(at(any), { recursive: true });
    case 'replace': {
      if (any === undefined || lstatSync(at(any)).isSocket()) return;
      const wasDirectory = lstatSync(at(any)).isDirectory();
      rmSync(at(any), { recursive: true });
      if (wasDirectory) writeFileSync(at(any), text);
      else if (other % 3 === 0) symlinkSync('elsewhere', at(any));
      else {
        mkdirSync(at(any));
        writeFileSync(join(at(any), 'inside'), text);
      }
      return;
    }
    case 'touch': {
      const time = new Date((1_500_000_000 + (other % 1_000)) * 1000);
      if (any === undefined || lstatSync(at(any)).isSymbolicLink()) return;
      return utimesSync(at(any), time, time);
    }
    case 'chmod':
      if (any === undefined || lstatSync(at(any)).isSymbolicLink()) return;
      return chmodSync(at(any), 0o700 | other % 0o100);
    case 'recreate': {
      // File systems such as ext4 give the inode of a deleted directory to the next one.
      const directory = directories.length > 1 ? pick(directories.slice(1), one) : undefined;
      if (directory === undefined) return;
      rmSync(at(directory), { recursive: true });
      const to = other % 2 === 0 ? at(directory) : fresh();
      if (!existsSync(dirname(to))) return;
      return ifFree(to, path => {
        mkdirSync(path);
        writeFileSync(join(path, 'a'), text);
      });
    }
    case 'swap': {
      const [from, to] = [pick(directories.slice(1), one), pick(directories.slice(1), other)];
      if (from === undefined || to === undefined || from === to) return;
      if (`${to}/`.startsWith(`${from}/`) || `${from}/`.startsWith(`${to}/`)) return;
      renameSync(at(from), at('swapped'));
      renameSync(at(to), at(from));
      return renameSync(at('swapped'), at(to));
    }
  }
}

function ifFree(path: string, make: (path: string) => void): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) make(path);
}

/** Nothing listens: the socket is what stays of a process that has ended. */
function makeSocket(path: string): void {
  execFileSync('perl', [
    '-MSocket',
    '-e',
    'socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un($ARGV[0]))',
    path,
  ]);
}

const pathsOf = (root: string): string[] =>
  (readdirSync(root, { recursive: true }) as string[]).sort();

/**
 * @returns a line for each path of a tree, with everything that a backup keeps: type, mode, owner, time, contents, and the first
 *   name of a file that has several. Sockets are not in a tar.
 */
export function treeLines(root: string): string[] {
  const firstNames = new Map<number, string>();
  return ['', ...pathsOf(root)].flatMap(path => {
    const at = join(root, path);
    const stat = lstatSync(at, { bigint: true });
    if (stat.isSocket()) return [];
    const known = { mode: stat.mode.toString(8), uid: stat.uid, gid: stat.gid };
    const common = `${JSON.stringify(path)} ${known.mode} ${known.uid}:${known.gid} ${
      stat.mtimeNs
    }`;
    if (stat.isSymbolicLink()) return [`${common} -> ${readlinkSync(at)}`];
    if (!stat.isFile()) return [common];
    const first = firstNames.get(Number(stat.ino)) ?? path;
    firstNames.set(Number(stat.ino), first);
    return [`${common} ${JSON.stringify(first)} ${readFileSync(at, 'latin1')}`];
  });
}
