import type { Entry, EntryType } from './entry.ts';
import { BLOCK, checksumOf } from './fields.ts';

const FLAGS: Record<EntryType, string> = {
  file: '0',
  directory: '5',
  symlink: '2',
  hardlink: '1',
  fifo: '6',
  character: '3',
  block: '4',
};

/** Biggest number of 11 octal digits, and of 7. */
const MOST_11 = 8 ** 11 - 1;
const MOST_7 = 8 ** 7 - 1;
const MAGIC = Buffer.from('ustar\x0000', 'latin1');

/** The end of an archive, and enough zeros for tar to read a whole record. */
export const END = Buffer.alloc(2 * BLOCK);

/**
 * A new header of an entry, made from what was understood of the archive's own. So tar never sees anything else than
 * what was checked: no second name, no size in two forms, no keyword that only tar knows.
 * @returns headers and, for a sparse file, the map of its holes, which counts as its data. The data and `paddingOf` follow.
 */
export function headerOf(entry: Entry): Buffer {
  const name = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  const pax: [string, string][] = [];
  const map = entry.segments ? sparseMap(entry) : undefined;
  const stored = storedBytes(entry) + (map?.length ?? 0);
  if (map) {
    pax.push(['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0']);
    pax.push(['GNU.sparse.name', name], ['GNU.sparse.realsize', `${entry.size}`]);
  } else if (name.length > 100) pax.push(['path', name]);
  if (entry.target.length > 100) pax.push(['linkpath', entry.target]);
  if (stored > MOST_11) pax.push(['size', `${stored}`]);
  if (entry.uid > MOST_7) pax.push(['uid', `${entry.uid}`]);
  if (entry.gid > MOST_7) pax.push(['gid', `${entry.gid}`]);
  if (entry.nanoseconds !== 0 || entry.seconds < 0 || entry.seconds > MOST_11) {
    pax.push(['mtime', timeText(entry)]);
  }
  if (entry.aclAccess !== undefined) pax.push(['SCHILY.acl.access', entry.aclAccess]);
  if (entry.aclDefault !== undefined) pax.push(['SCHILY.acl.default', entry.aclDefault]);
  for (const [key, value] of entry.xattrs) pax.push([`SCHILY.xattr.${key}`, value]);

  const records = pax.map(record).join('');
  const main = pax.length === 0 ? 0 : BLOCK + wholeBlocks(records.length);
  const header = Buffer.allocUnsafe(main + BLOCK + (map?.length ?? 0)).fill(0);
  if (pax.length > 0) {
    ustar(header, 0, { name: 'pax', flag: 'x', mode: 0o600, size: records.length });
    header.write(records, BLOCK, 'latin1');
  }
  ustar(header, main, {
    name: (entry.path === '' ? './' : name).slice(0, 100),
    flag: FLAGS[entry.type],
    mode: entry.mode,
    size: Math.min(stored, MOST_11),
    uid: Math.min(entry.uid, MOST_7),
    gid: Math.min(entry.gid, MOST_7),
    seconds: Math.min(Math.max(entry.seconds, 0), MOST_11),
    target: entry.target.slice(0, 100),
    major: entry.major,
    minor: entry.minor,
  });
  map?.copy(header, main + BLOCK);
  return header;
}

/** @returns how many bytes of data an entry has in the archive, without the map of its holes. */
export function storedBytes({ type, size, segments }: Entry): number {
  if (type !== 'file') return 0;
  return segments ? segments.reduce((sum, { bytes }) => sum + bytes, 0) : size;
}

const wholeBlocks = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK;

export const paddingOf = (bytes: number): Buffer => END.subarray(0, -bytes & (BLOCK - 1));

function sparseMap({ segments = [], size }: Entry): Buffer {
  // An empty piece at the end says how long a file is that ends with a hole, as GNU tar writes it.
  const end = segments.at(-1);
  const isWhole = end !== undefined && end.offset + end.bytes === size;
  const pieces = isWhole ? segments : [...segments, { offset: size, bytes: 0 }];
  const lines = [pieces.length, ...pieces.flatMap(({ offset, bytes }) => [offset, bytes])];
  const text = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
  return Buffer.concat([text, paddingOf(text.length)]);
}

const timeText = ({ seconds, nanoseconds }: Entry): string => {
  const digits = (value: number): string => `${value}`.padStart(9, '0');
  if (seconds >= 0) return `${seconds}.${digits(nanoseconds)}`;
  return nanoseconds === 0 ? `${seconds}` : `-${-seconds - 1}.${digits(1e9 - nanoseconds)}`;
};

/** A pax record begins with its own length, in characters of which each is a byte. */
function record([keyword, value]: [string, string]): string {
  const rest = ` ${keyword}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return `${length}${rest}`;
}

interface Fields {
  name: string;
  flag: string;
  mode: number;
  size: number;
  uid?: number;
  gid?: number;
  seconds?: number;
  target?: string;
  major?: number;
  minor?: number;
}

/** Writes a header into zeros. */
function ustar(
  block: Buffer,
  from: number,
  {
    name,
    flag,
    mode,
    size,
    uid = 0,
    gid = 0,
    seconds = 0,
    target = '',
    major = 0,
    minor = 0,
  }: Fields
): void {
  block.write(name, from, 'latin1');
  octal(block, mode, from + 100, 7);
  octal(block, uid, from + 108, 7);
  octal(block, gid, from + 116, 7);
  octal(block, size, from + 124, 11);
  octal(block, seconds, from + 136, 11);
  block[from + 156] = flag.charCodeAt(0);
  if (target !== '') block.write(target, from + 157, 'latin1');
  MAGIC.copy(block, from + 257);
  octal(block, major, from + 329, 7);
  octal(block, minor, from + 337, 7);
  octal(block, checksumOf(block, from), from + 148, 6);
  block[from + 155] = 32;
}

function octal(block: Buffer, value: number, at: number, digits: number): void {
  let left = value;
  for (let digit = at + digits - 1; digit >= at; digit--) {
    block[digit] = 48 + (left % 8);
    left = Math.floor(left / 8);
  }
}
