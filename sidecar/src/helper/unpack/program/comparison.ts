import { CoarseTimes } from './coarseTimes.ts';
import type { LeftOut } from './entry.ts';
import type { Facts, Records } from './records.ts';
import { IMPLIED, NONE, SAID, SEEN } from './records.ts';
import { nameOf } from './refusal.ts';

const MOST_NAMES = 20;
/** Set for a record that was found in the volume as an entry of its own, and not as a link to another one. */
const LEADS = 1024;

export type NotRestoredKind = keyof typeof SAID | 'other';

/** The result; the shape of `RestoreComparison` of the API. */
export interface Comparison {
  entries: number;
  bytes: number;
  differences: number;
  examples: string[];
  notRestored: { kind: NotRestoredKind; count: number; names: string[] }[];
  leftOver: number;
}

interface World {
  /** Whether this process has CAP_FSETID. Without, the kernel drops setgid without an error. */
  mayKeepSetgid: boolean;
  /** Entries outside the volume, or left out of the archive, are not left over. */
  isOfVolume(path: string): boolean;
}

/** Compares the entries of a volume with those of the archive, in any order and each once. */
export class Comparer {
  readonly #records: Records;
  readonly #mayKeepSetgid: boolean;
  readonly #isOfVolume: (path: string) => boolean;
  readonly #times = new CoarseTimes();
  readonly #kinds = new Map<NotRestoredKind, { count: number; names: string[] }>();
  #entries = 0;
  #bytes = 0;
  #differences = 0;
  readonly #examples: string[] = [];
  #leftOver = 0;
  readonly leftOverNames: string[] = [];

  constructor(records: Records, { mayKeepSetgid, isOfVolume }: World) {
    this.#records = records;
    this.#mayKeepSetgid = mayKeepSetgid;
    this.#isOfVolume = isOfVolume;
  }

  /** Counts attributes of an entry of the archive that nobody tries to set. */
  leftOut(path: string, kinds: readonly LeftOut[]): void {
    for (const kind of kinds) this.#notRestored(kind, path);
  }

  /** @param target path of the entry whose hard link this is */
  add(path: string, facts: Facts, target?: string): void {
    const record = this.#records.find(path);
    if (record === NONE) {
      this.addLeftOver(path);
      return;
    }
    const flags = this.#records.flags(record);
    if (flags & (IMPLIED | SEEN)) return;
    this.#records.addFlags(record, SEEN);
    this.#entries++;
    const leader = this.#records.leader(record);
    if (target !== undefined) return this.#link(path, leader, target);
    const problems: string[] = [];
    if (this.#records.flags(leader) & LEADS) problems.push('is not a hard link any more');
    this.#records.addFlags(leader, LEADS);
    const said = flags | this.#records.flags(leader);
    this.#compare(path, facts, this.#records.get(leader), said, problems);
    if (problems.length > 0) this.#differs(path, problems.join(', '));
  }

  /** Counts an entry that only the volume has. */
  addLeftOver(path: string): void {
    if (path === '' || !this.#isOfVolume(path)) return;
    this.#leftOver++;
    if (this.leftOverNames.length < MOST_NAMES) this.leftOverNames.push(nameOf(path));
  }

  /** Reports an entry of the archive that the volume does not have. */
  missing(path: string, record: number): void {
    if (this.#records.flags(record) & SAID.device) this.#notRestored('device', path);
    else this.#differs(path, 'is missing');
  }

  result(): Comparison {
    const { isCoarse, count, names, sentences } = this.#times.verdict();
    if (isCoarse && count > 0) this.#add('time', count, names);
    else if (count > 0) {
      this.#differences += count;
      this.#examples.push(...sentences.slice(0, MOST_NAMES - this.#examples.length));
    }
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      differences: this.#differences,
      examples: this.#examples,
      notRestored: [...this.#kinds].map(([kind, { count, names }]) => ({ kind, count, names })),
      leftOver: this.#leftOver,
    };
  }

  #link(path: string, leader: number, target: string): void {
    const other = this.#records.find(target);
    if (other !== NONE && this.#records.leader(other) === leader) return;
    this.#differs(path, `is a hard link to ${nameOf(target)}, and not in the archive`);
  }

  #compare(path: string, is: Facts, was: Facts, flags: number, problems: string[]): void {
    if (is.type !== was.type) {
      problems.push(`is a ${is.type}, in the archive a ${was.type}`);
      return;
    }
    if (is.size !== was.size) problems.push(`has ${is.size} bytes, in the archive ${was.size}`);
    else if (!is.digest.equals(was.digest)) problems.push(DIFFERENT[is.type] ?? 'differs');
    this.#bytes += is.size;
    const check = (same: boolean, kind: keyof typeof SAID, excuse: number, what: string): void => {
      if (same) return;
      if (flags & excuse) this.#notRestored(kind, path);
      else problems.push(what);
    };
    check(
      is.uid === was.uid && is.gid === was.gid,
      'owner',
      SAID.owner,
      `belongs to ${is.uid}:${is.gid}, in the archive to ${was.uid}:${was.gid}`
    );
    if (is.type !== 'symlink' && is.mode !== was.mode) {
      const bits = is.mode ^ was.mode;
      const excuse =
        SAID.mode |
        // Without its owner a file does not get setuid and setgid; an ACL's mask is the mode of the group.
        (bits & ~0o6000 ? 0 : SAID.owner) |
        (bits & ~0o70 ? 0 : SAID.acl);
      const isDropped = bits === 0o2000 && !this.#mayKeepSetgid;
      check(
        false,
        'mode',
        isDropped ? ~0 : excuse,
        `has mode ${octal(is.mode)}, in the archive ${octal(was.mode)}`
      );
    }
    check(is.xattrs === was.xattrs, 'xattr', SAID.xattr, 'has other extended attributes');
    check(is.acls === was.acls, 'acl', SAID.acl, 'has another ACL');
    check(
      is.capability === was.capability,
      'capability',
      SAID.capability | SAID.owner,
      'has other file capabilities'
    );
    if (flags & SAID.time) {
      if (!isSameTime(is, was)) this.#notRestored('time', path);
    } else if (problems.length === 0) this.#times.add(nameOf(path), is, was);
  }

  #differs(path: string, what: string): void {
    this.#differences++;
    if (this.#examples.length < MOST_NAMES) this.#examples.push(`${nameOf(path)} ${what}`);
  }

  #notRestored(kind: NotRestoredKind, path: string): void {
    this.#add(kind, 1, [nameOf(path)]);
  }

  #add(kind: NotRestoredKind, count: number, names: readonly string[]): void {
    const known = this.#kinds.get(kind) ?? { count: 0, names: [] };
    known.count += count;
    known.names.push(...names.slice(0, MOST_NAMES - known.names.length));
    this.#kinds.set(kind, known);
  }
}

const DIFFERENT: Partial<Record<Facts['type'], string>> = {
  file: 'has other contents',
  symlink: 'leads elsewhere',
  character: 'is another device',
  block: 'is another device',
};

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

const isSameTime = (a: Facts, b: Facts): boolean =>
  a.seconds === b.seconds && a.nanoseconds === b.nanoseconds;
