import type { EntryFields } from '../index/entry.ts';
import {
  BLOCK_DEVICE,
  CHARACTER,
  DIRECTORY,
  FIFO,
  FILE,
  HARDLINK,
  OTHER,
  SYMLINK,
} from '../index/entry.ts';
import type { ByteSource } from './byteSource.ts';
import type { HeaderBlock } from './header.ts';
import { BadTar, BLOCK, padTo, readHeaderBlock, sizeAt } from './header.ts';
import type { PaxRecord } from './pax.ts';
import { MAX_RECORDS, paxNumber, paxTime, readPax } from './pax.ts';
import { readExtended } from './readExtended.ts';

/**
 * Extended attributes and ACLs are in extended headers: usually some hundred bytes, but bigger ones are allowed. All of one
 * entry are held in memory at once, and so are those that count for all entries.
 */
const MAX_EXTENDED = 16 * 1024 * 1024;
const MAX_GLOBALS = 1_000;

/** How the holes of a file are stored. `1.0`: a map before its contents, as NKVM's archives have it. */
export type SparseForm = 'none' | '1.0' | '0.x' | 'old';

/** All headers of one entry. */
export interface EntryHead {
  /** Where its first header begins. */
  offset: number;
  /** Its headers as they are in the archive, without the names of a directory of a chain. */
  raw: Buffer;
  /** It is a directory of a chain, with all its names. */
  hasDumpdir: boolean;
  /** Where in `raw` the header itself is, after its extended headers. */
  mainAt: number;
  /** How many bytes of the archive follow, without padding. */
  storedBytes: number;
  block: HeaderBlock;
  pax: PaxRecord[];
  name: Buffer;
  link: Buffer;
  /** See `ENTRY_TYPES`. */
  type: number;
  /** Of the contents, with their holes. */
  size: number;
  seconds: number;
  nanos: number;
  uid: number;
  gid: number;
  sparse: SparseForm;
}

/** Records that count for every entry that follows. */
export type Globals = Map<string, PaxRecord>;

/**
 * Reads all headers of the next entry; its contents come next. The names of a directory of a chain go to `onDumpdir`, and are
 * not kept: they may be bigger than all other headers.
 * @param globals records of earlier global headers; those that are met are added
 * @returns undefined at the end of the tar
 * @throws BadTar; EndOfBytes when it is cut
 */
export async function readEntryHead(
  source: ByteSource,
  globals: Globals,
  onDumpdir?: (piece: Buffer) => void
): Promise<EntryHead | undefined> {
  let offset = source.position;
  let raw: Buffer[] = [];
  let pax: PaxRecord[] = [];
  let longName: Buffer | undefined;
  let longLink: Buffer | undefined;
  let extended = 0;
  let hasDumpdir = false;
  for (;;) {
    const bytes = source.readNow(BLOCK) ?? (await source.read(BLOCK));
    const block = readHeaderBlock(bytes);
    if (!block) {
      if (raw.length > 0) throw new BadTar('the tar ends after an extended header');
      return undefined;
    }
    const last = Buffer.from(bytes);
    const mainAt = raw.reduce((sum, { length }) => sum + length, 0);
    raw.push(last);
    if (!'xXgLK'.includes(block.type)) {
      if (block.type === 'S') await readMoreOfOldSparse(source, last, raw);
      const own = new Map([...globals, ...pax.map(record => [record.key, record] as const)]);
      return headOf({
        ...{ offset, raw, mainAt, last, block, pax, own, longName, longLink, hasDumpdir },
      });
    }
    if (block.type === 'x' || block.type === 'X') {
      const found = await readExtended(source, last, block.size, {
        keptBytes: Math.max(0, MAX_EXTENDED - extended - BLOCK),
        onDumpdir,
      });
      raw[raw.length - 1] = found.raw;
      extended += Math.max(BLOCK, found.raw.length);
      hasDumpdir ||= found.hasDumpdir;
      pax = [...pax, ...found.records];
      if (pax.length > MAX_RECORDS) throw new BadTar('an entry has too many extended records');
      continue;
    }
    extended += BLOCK + block.size;
    if (extended > MAX_EXTENDED) throw new BadTar('an extended header is too big');
    const padded = Buffer.from(await source.read(padTo(block.size)));
    raw.push(padded);
    const body = padded.subarray(0, block.size);
    if (block.type === 'L') longName = untilZero(body);
    else if (block.type === 'K') longLink = untilZero(body);
    else {
      for (const record of readPax(body)) globals.set(record.key, record);
      if (areTooMany(globals)) throw new BadTar('too many records count for all entries');
      // It belongs to no entry.
      offset = source.position;
      raw = [];
    }
  }
}

function areTooMany(globals: Globals): boolean {
  let bytes = 0;
  for (const { value } of globals.values()) bytes += value.length;
  return globals.size > MAX_GLOBALS || bytes > MAX_EXTENDED;
}

interface Parts {
  offset: number;
  raw: Buffer[];
  mainAt: number;
  /** The header itself, after its extended headers. */
  last: Buffer;
  block: HeaderBlock;
  pax: PaxRecord[];
  own: Globals;
  longName: Buffer | undefined;
  longLink: Buffer | undefined;
  hasDumpdir: boolean;
}

function headOf({
  offset,
  raw,
  mainAt,
  last,
  block,
  pax,
  own,
  longName,
  longLink,
  hasDumpdir,
}: Parts): EntryHead {
  const number = (key: string) => {
    const record = own.get(key);
    return record && paxNumber(record);
  };
  const name =
    own.get('GNU.sparse.name')?.value ?? own.get('path')?.value ?? longName ?? block.name;
  const mtime = own.get('mtime');
  const size = number('size') ?? block.size;
  const sparse: SparseForm =
    block.type === 'S'
      ? 'old'
      : own.has('GNU.sparse.major')
      ? '1.0'
      : own.has('GNU.sparse.size')
      ? '0.x'
      : 'none';
  const realSize =
    sparse === 'old'
      ? sizeAt(last, 483, 12)
      : number('GNU.sparse.realsize') ?? number('GNU.sparse.size') ?? size;
  const type = typeOf(block.type, name);
  return {
    offset,
    raw: Buffer.concat(raw),
    hasDumpdir,
    mainAt,
    storedBytes: type === HARDLINK ? 0 : size, // a link has none, whatever its header says
    block,
    pax,
    name,
    link: own.get('linkpath')?.value ?? longLink ?? block.link,
    type,
    size: type === FILE ? realSize : 0,
    ...(mtime ? paxTime(mtime) : { seconds: block.seconds, nanos: 0 }),
    uid: number('uid') ?? block.uid,
    gid: number('gid') ?? block.gid,
    sparse: type === FILE ? sparse : 'none',
  };
}

/** Old GNU headers of a file with holes go on in blocks of their own. */
async function readMoreOfOldSparse(
  source: ByteSource,
  first: Buffer,
  raw: Buffer[]
): Promise<void> {
  for (let goesOn = first[482] !== 0; goesOn; ) {
    const more = Buffer.from(await source.read(BLOCK));
    raw.push(more);
    goesOn = more[504] !== 0;
    if (raw.length * BLOCK > MAX_EXTENDED) throw new BadTar('an extended header is too big');
  }
}

const TYPE_OF: Record<string, number> = {
  '1': HARDLINK,
  '2': SYMLINK,
  '3': CHARACTER,
  '4': BLOCK_DEVICE,
  '5': DIRECTORY,
  D: DIRECTORY,
  '6': FIFO,
  M: OTHER,
  N: OTHER,
  V: OTHER,
};

/** A letter that is not known means a file, says POSIX; before it, a directory was a file with `/` at its end. */
const typeOf = (letter: string, name: Buffer): number =>
  TYPE_OF[letter] ?? (letter === '0' && name.at(-1) === 0x2f ? DIRECTORY : FILE);

const untilZero = (bytes: Buffer): Buffer => {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
};

/** Tells an index what an entry is. */
export function fillEntry(head: EntryHead, entry: EntryFields): void {
  entry.block = head.offset / BLOCK;
  entry.type = head.type;
  entry.mode = head.block.mode;
  entry.owner = `${head.uid}/${head.gid}`;
  entry.size = head.size;
  if (head.type === CHARACTER || head.type === BLOCK_DEVICE)
    entry.size = head.block.major * 2 ** 32 + head.block.minor;
  entry.seconds = head.seconds;
  entry.nanos = head.nanos;
  entry.name.set(head.name);
  if (head.type === SYMLINK || head.type === HARDLINK) entry.link.set(head.link);
  else entry.link.length = 0;
}
