import type { ByteSource } from './byteSource.ts';
import { extendedHeader } from './extendedHeader.ts';
import { BadTar, padTo } from './header.ts';
import type { PaxRecord } from './pax.ts';
import { MAX_RECORDS, readPax } from './pax.ts';

/** Key of the record in which GNU tar keeps the names of a directory (`--listed-incremental`). */
const DUMPDIR = 'GNU.dumpdir';

/** Longest key: that of an extended attribute has at most 255 bytes after `SCHILY.xattr.`. */
const LONGEST_KEY = 1024;
const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

/** The records of an extended header, without the names of a directory. */
export interface ExtendedRecords {
  records: PaxRecord[];
  hasDumpdir: boolean;
  /** The header and its contents, as they are in the archive where nothing was taken out. */
  raw: Buffer;
}

export interface ExtendedLimits {
  /** Most bytes that are held in memory at once. */
  keptBytes: number;
  /** Gets the names of a directory in pieces, each valid until the next one. They may be much bigger than what is kept. */
  onDumpdir?: ((piece: Buffer) => void) | undefined;
}

/**
 * Reads the contents of an extended header, and their padding.
 * @param header the block before them
 * @param size of the contents
 * @throws BadTar; EndOfBytes
 */
export async function readExtended(
  source: ByteSource,
  header: Buffer,
  size: number,
  limits: ExtendedLimits
): Promise<ExtendedRecords> {
  if (size > limits.keptBytes) {
    const found = await readInPieces(source, size, limits);
    await source.skip(padTo(size) - size);
    return { ...found, raw: extendedHeader(found.records) };
  }
  const padded = Buffer.from(await source.read(padTo(size)));
  const all = readPax(padded.subarray(0, size));
  const dumpdir = all.findLast(({ key }) => key === DUMPDIR);
  if (!dumpdir) return { records: all, hasDumpdir: false, raw: Buffer.concat([header, padded]) };
  limits.onDumpdir?.(dumpdir.value);
  const records = all.filter(({ key }) => key !== DUMPDIR);
  return { records, hasDumpdir: true, raw: extendedHeader(records) };
}

async function readInPieces(
  source: ByteSource,
  size: number,
  { keptBytes, onDumpdir }: ExtendedLimits
): Promise<Omit<ExtendedRecords, 'raw'>> {
  const end = source.position + size;
  const records: PaxRecord[] = [];
  let hasDumpdir = false;
  let kept = 0;
  while (source.position < end) {
    const start = source.position;
    const length = Number(await wordUntil(source, SPACE, 10));
    const key = await wordUntil(source, EQUALS, LONGEST_KEY);
    const valueBytes = start + length - source.position - 1;
    if (!Number.isSafeInteger(length) || valueBytes < 0 || start + length > end) throw damaged();
    if (key === DUMPDIR) {
      if (hasDumpdir) throw damaged();
      hasDumpdir = true;
      for await (const piece of source.take(valueBytes)) onDumpdir?.(piece);
    } else {
      kept += length;
      if (kept > keptBytes) throw new BadTar('an extended header is too big');
      if (records.length === MAX_RECORDS)
        throw new BadTar('an extended header has too many records');
      records.push({ key, value: Buffer.from(await source.read(valueBytes)) });
    }
    if ((await source.read(1))[0] !== NEWLINE) throw damaged();
  }
  return { records, hasDumpdir };
}

async function wordUntil(source: ByteSource, end: number, longest: number): Promise<string> {
  const bytes: number[] = [];
  for (;;) {
    const byte = (await source.read(1))[0]!;
    if (byte === end) return Buffer.from(bytes).toString('utf8');
    if (bytes.length === longest) throw damaged();
    bytes.push(byte);
  }
}

const damaged = (): BadTar => new BadTar('an extended header is damaged');
