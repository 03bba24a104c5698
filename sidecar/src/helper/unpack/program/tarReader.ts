import { aclTextOf } from './acl.ts';
import type { Entry, EntryType, LeftOut, Segment } from './entry.ts';
import { BLOCK, checkChecksum, damaged, numberField, textField } from './fields.ts';
import type { Input } from './input.ts';
import { checkedSegments, decimal, noPax, type Pax, readPax, timeOf } from './pax.ts';
import { Refusal, shown } from './refusal.ts';
import { safePath } from './safePath.ts';

/** Longest pax header that is read into memory: that of a directory in a chain has all its names. */
const MOST_PAX_BYTES = 192 * 1024 * 1024;
/** Longest GNU long name. */
const MOST_HEADER_BYTES = 8 * 1024 * 1024;
/** Most pieces of one sparse file. */
const MOST_SEGMENTS = 4_000_000;

const TYPE_OF: Record<string, EntryType> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

/**
 * Reads a tar as it passes: POSIX with pax headers, GNU with long names, sparse files of both, and old tars.
 * It refuses anything that it does not know, so that it never understands less than the tar that unpacks what it passes on.
 */
export class TarReader {
  readonly #input: Input;
  readonly #global = noPax();
  /** Bytes of the entry's data that are still to come, and then the padding. */
  #left = 0;
  #padding = 0;
  #hasEnded = false;

  constructor(input: Input) {
    this.#input = input;
  }

  /** Bytes of tar that were read so far. */
  get bytes(): number {
    return this.#input.bytes;
  }

  /**
   * The next entry; its data must have been read before. @returns undefined at the end of the archive, of which all was
   * read then.
   * @throws Refusal, also when the end is not marked as one.
   */
  next(): Entry | undefined {
    if (this.#hasEnded) return undefined;
    const pax: Pax = { values: new Map(this.#global.values), sparse: [] };
    let longName: string | undefined;
    let longTarget: string | undefined;
    for (;;) {
      const block = this.#block('a header');
      if (isZero(block)) {
        if (longName !== undefined || pax.sparse.length > 0) throw damaged('a header is alone');
        this.#end();
        return undefined;
      }
      checkChecksum(block);
      const flag = String.fromCharCode(block[156] as number);
      const stored = numberField(block, 124, 12);
      if (stored < 0) throw damaged('a size is negative');
      switch (flag) {
        case 'x':
        case 'X':
          readPax(this.#headerData(stored, MOST_PAX_BYTES), pax);
          continue;
        case 'g':
          readPax(this.#headerData(stored), this.#global);
          for (const [keyword, value] of this.#global.values) pax.values.set(keyword, value);
          continue;
        case 'L':
          longName = cut(this.#headerData(stored));
          continue;
        case 'K':
          longTarget = cut(this.#headerData(stored));
          continue;
        default:
          return this.#entry(Buffer.from(block), flag, stored, pax, longName, longTarget);
      }
    }
  }

  /** @returns the next piece of the entry's data, valid until the next call; undefined after the last. */
  data(): Buffer | undefined {
    if (this.#left === 0) {
      this.#take(this.#padding, 'the data of an entry');
      this.#padding = 0;
      return undefined;
    }
    const piece = this.#input.some(this.#left);
    if (piece.length === 0) throw truncated('the data of an entry');
    this.#left -= piece.length;
    return piece;
  }

  #entry(
    block: Buffer,
    flag: string,
    size: number,
    { values, sparse }: Pax,
    longName: string | undefined,
    longTarget: string | undefined
  ): Entry {
    const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
    const prefix = isPosix ? textField(block, 345, 155) : '';
    const short = textField(block, 0, 100);
    const raw =
      values.get('GNU.sparse.name') ??
      values.get('path') ??
      longName ??
      (prefix === '' ? short : `${prefix}/${short}`);
    const path = safePath(raw, 'name');
    let type = TYPE_OF[flag];
    if (type === undefined) {
      throw new Refusal(
        'ArchiveUnsupported',
        `an entry is of type ${shown(flag)}, which NKVM does not know`,
        path
      );
    }
    if (type === 'file' && raw.endsWith('/')) type = 'directory'; // tars from before 1988
    const paxSize = values.get('size');
    const stored = type === 'hardlink' ? 0 : paxSize === undefined ? size : decimal(paxSize);
    this.#left = stored;
    this.#padding = padding(stored);
    const rawTarget = values.get('linkpath') ?? longTarget ?? textField(block, 157, 100);
    if (type === 'symlink' && (rawTarget === '' || rawTarget.includes('\0'))) {
      throw new Refusal('ArchiveHostile', 'a symbolic link has no usable target', path);
    }
    const isDevice = type === 'character' || type === 'block';
    const holes = type === 'file' ? this.#sparse(block, flag, stored, values, sparse) : undefined;
    if (type !== 'file') this.skip();
    return {
      path,
      type,
      mode: numberField(block, 100, 8) & 0o7777,
      uid: idOf(values.get('uid'), () => numberField(block, 108, 8)),
      gid: idOf(values.get('gid'), () => numberField(block, 116, 8)),
      ...timeOf(values.get('mtime') ?? `${numberField(block, 136, 12)}`),
      size: holes?.size ?? (type === 'file' ? stored : 0),
      target:
        type === 'symlink' ? rawTarget : type === 'hardlink' ? safePath(rawTarget, 'target') : '',
      major: isDevice ? numberField(block, 329, 8) : 0,
      minor: isDevice ? numberField(block, 337, 8) : 0,
      ...attributesOf(values),
      segments: holes?.segments,
      dumpdir: type === 'directory' ? values.get('GNU.dumpdir') : undefined,
    };
  }

  /** @returns the real size and the map of a sparse file; undefined for all others. */
  #sparse(
    block: Buffer,
    flag: string,
    stored: number,
    values: Map<string, string>,
    repeated: readonly number[]
  ): { size: number; segments: Segment[] } | undefined {
    if (flag === 'S') {
      const numbers: number[] = [];
      let at = block;
      const size = numberField(block, 483, 12);
      let isExtended = block[482] !== 0;
      addOld(numbers, at, 386, 4);
      while (isExtended) {
        at = this.#block('the map of a sparse file');
        isExtended = at[504] !== 0;
        addOld(numbers, at, 0, 21);
        if (numbers.length > 2 * MOST_SEGMENTS) throw damaged('a file has too many holes');
      }
      return { size, segments: checkedSegments(numbers, size, stored) };
    }
    const major = values.get('GNU.sparse.major');
    const realSize = values.get('GNU.sparse.realsize') ?? values.get('GNU.sparse.size');
    if (major === undefined && realSize === undefined) return undefined;
    const size = decimal(realSize ?? '');
    if (major === '1') {
      const numbers = this.#mapInData();
      return { size, segments: checkedSegments(numbers, size, this.#left) };
    }
    const map = values.get('GNU.sparse.map');
    const numbers = map === undefined ? repeated : map === '' ? [] : map.split(',').map(decimal);
    return { size, segments: checkedSegments(numbers, size, stored) };
  }

  /** The map that stands before the data (GNU's sparse format 1.0): lines of decimal numbers, the first their count. */
  #mapInData(): number[] {
    const numbers: number[] = [];
    let wanted = 1;
    let line = '';
    while (numbers.length < wanted) {
      if (this.#left < BLOCK) throw damaged('the map of a sparse file is not complete');
      const block = this.#block('the map of a sparse file').toString('latin1');
      this.#left -= BLOCK;
      for (let at = 0; at < BLOCK && numbers.length < wanted; at++) {
        if (block[at] !== '\n') line += block[at];
        else {
          numbers.push(decimal(line));
          line = '';
          if (numbers.length === 1) {
            const pieces = numbers[0] as number;
            if (pieces > MOST_SEGMENTS) throw damaged('a file has too many holes');
            wanted = 1 + 2 * pieces;
          }
        }
      }
    }
    return numbers.slice(1);
  }

  /** Reads the data of the entry, and drops them. */
  skip(): void {
    while (this.data() !== undefined);
  }

  /** After a block of zeros nothing may follow but zeros: what stands there is in no listing of the archive. */
  #end(): void {
    this.#hasEnded = true;
    for (let piece = this.#input.some(65_536); piece.length > 0; piece = this.#input.some(65_536)) {
      if (!isZero(piece)) {
        throw new Refusal('ArchiveDamaged', 'something follows after the end of the archive');
      }
    }
  }

  #headerData(size: number, most = MOST_HEADER_BYTES): string {
    if (size > most) {
      throw new Refusal('ArchiveHostile', `a header has ${size} bytes, more than ${most}`);
    }
    const text = this.#take(size, 'a header').toString('latin1');
    this.#take(padding(size), 'a header');
    return text;
  }

  #block(what: string): Buffer {
    return this.#take(BLOCK, what);
  }

  #take(size: number, what: string): Buffer {
    const piece = this.#input.take(size);
    if (piece.length < size) throw truncated(what);
    return piece;
  }
}

const truncated = (where: string): Refusal =>
  new Refusal('ArchiveTruncated', `the archive ends too early, where ${where} should be`);

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;
const ZEROS = Buffer.alloc(65_536);
const isZero = (piece: Buffer): boolean => piece.equals(ZEROS.subarray(0, piece.length));
/** GNU long names end with a NUL, which belongs to the size. */
const cut = (text: string): string => (text.endsWith('\0') ? text.slice(0, -1) : text);

const idOf = (pax: string | undefined, field: () => number): number => {
  const id = pax === undefined ? field() : decimal(pax);
  if (id < 0 || id > 0xffffffff) throw damaged('an owner is out of range');
  return id;
};

function addOld(numbers: number[], block: Buffer, from: number, count: number): void {
  for (let at = from; at < from + 24 * count && block[at] !== 0; at += 24) {
    numbers.push(numberField(block, at, 12), numberField(block, at + 12, 12));
  }
}

const XATTR = 'SCHILY.xattr.';
const ACL_ACCESS = 'system.posix_acl_access';
const ACL_DEFAULT = 'system.posix_acl_default';

function attributesOf(
  values: ReadonlyMap<string, string>
): Pick<Entry, 'xattrs' | 'aclAccess' | 'aclDefault' | 'leftOut'> {
  const xattrs: Entry['xattrs'] = [];
  const leftOut: LeftOut[] = [];
  for (const [keyword, value] of values) {
    if (keyword === 'RHT.security.selinux') leftOut.push('selinux');
    if (!keyword.startsWith(XATTR)) continue;
    const name = keyword.slice(XATTR.length);
    if (name === ACL_ACCESS || name === ACL_DEFAULT) continue;
    const kind = leftOutAs(name);
    if (kind === undefined) xattrs.push([name, value]);
    else if (!leftOut.includes(kind)) leftOut.push(kind);
  }
  return {
    xattrs,
    aclAccess: aclTextOf(values.get(XATTR + ACL_ACCESS) ?? '') ?? values.get('SCHILY.acl.access'),
    aclDefault:
      aclTextOf(values.get(XATTR + ACL_DEFAULT) ?? '') ?? values.get('SCHILY.acl.default'),
    leftOut,
  };
}

/**
 * Attributes that no process without CAP_SYS_ADMIN can set, or only if the node (SELinux) or an NFS server allows it.
 * @returns undefined for attributes that tar is to set.
 */
function leftOutAs(xattr: string): LeftOut | undefined {
  if (xattr.startsWith('trusted.')) return 'xattr';
  if (xattr === 'security.selinux') return 'selinux';
  if (/^system\.(nfs4_(d|s)?acl|cifs_|ntfs_|richacl)/.test(xattr)) return 'acl';
  return undefined;
}
