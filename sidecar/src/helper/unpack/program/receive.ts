import { sameAclText } from './acl.ts';
import { Chain } from './chain.ts';
import type { ContentDigest } from './contentDigest.ts';
import { type Deep, LONGEST_PATH } from './deep.ts';
import type { Entry } from './entry.ts';
import { type Guard, isIntoEmpty } from './guard.ts';
import { END, headerOf, paddingOf, storedBytes } from './header.ts';
import type { Input } from './input.ts';
import type { Job } from './job.ts';
import type { Output } from './output.ts';
import type { Facts, Records } from './records.ts';
import { IMPLIED } from './records.ts';
import { Refusal } from './refusal.ts';
import type { Target } from './target.ts';
import { TarReader } from './tarReader.ts';

export interface Received {
  entries: number;
  /** Whether tar was given anything. */
  hasWritten: boolean;
}

interface Ways {
  deep: Deep;
  input: Input;
  digest: ContentDigest;
  records: Records;
  guard: Guard;
  target: Target;
  /** To the tar that unpacks. */
  output: Output;
  /** Gets the path of each entry, in their order. */
  names: Output;
  /** See kept.ts. */
  mayBeLeftOut(path: string): boolean;
  onEntry(entry: Entry): void;
}

/**
 * Passes what arrives on to tar, entry by entry, and keeps what it was.
 * @param progress is kept up to date also when it throws
 * @throws Refusal. tar has got nothing of the entry that is refused.
 */
export function receive(ways: Ways, job: Job, progress: Received): void {
  const { input, output } = ways;
  const { links } = job;
  if (links === undefined) receiveOne(ways, job, new TarReader(input), progress);
  else {
    const chain = new Chain(ways.mayBeLeftOut);
    for (const [number, { rawBytes, files }] of links.entries()) {
      const before = input.bytes;
      input.endAfter(rawBytes);
      const reader = new TarReader(input);
      let entries = 0;
      for (let entry = reader.next(); entry; entry = reader.next()) {
        entries++;
        if (chain.takes(entry)) pass(ways, job, reader, entry, progress);
        else reader.skip();
      }
      if (entries !== files || input.bytes - before !== rawBytes) {
        throw new Refusal(
          'ArchiveNotAsSealed',
          `archive ${number + 1} of ${links.length} holds ${entries} entries in ${
            input.bytes - before
          } bytes, and ${files} in ${rawBytes} when it was made`
        );
      }
      chain.endLink(number === links.length - 1);
    }
    input.endAfter(Number.POSITIVE_INFINITY);
    if (input.take(1).length > 0) {
      throw new Refusal('ArchiveNotAsSealed', 'something follows after the archives');
    }
  }
  if (progress.entries === 0) throw new Refusal('ArchiveEmpty', 'the archive holds no entry');
  output.write(END);
}

/** Receives one archive, which holds everything. */
function receiveOne(ways: Ways, job: Job, reader: TarReader, progress: Received): void {
  const { expected, maxRawBytes } = job;
  const { input } = ways;
  const mostBytes = expected.rawBytes ?? maxRawBytes ?? Number.POSITIVE_INFINITY;
  const checkBytes = (): void => {
    if (input.bytes <= mostBytes) return;
    throw new Refusal(
      expected.rawBytes === undefined ? 'ArchiveTooBig' : 'ArchiveNotAsSealed',
      `the archive unpacks to more than ${mostBytes} bytes`
    );
  };
  // Without a manifest nothing else tells an increment from a full archive.
  const alone =
    expected.files === undefined && !job.isSelection ? new Chain(ways.mayBeLeftOut) : undefined;
  let entries = 0;
  for (let entry = reader.next(); entry; entry = reader.next()) {
    checkBytes();
    entries++;
    if (entry.dumpdir !== undefined) alone?.takes(entry);
    if (expected.files !== undefined && entries > expected.files) {
      throw new Refusal(
        'ArchiveNotAsSealed',
        `the archive holds more than its ${expected.files} entries`
      );
    }
    pass(ways, job, reader, entry, progress, checkBytes);
  }
  checkBytes();
  alone?.endLink(true);
  if (expected.files !== undefined && entries !== expected.files) {
    throw new Refusal(
      'ArchiveNotAsSealed',
      `the archive holds ${entries} entries, and ${expected.files} when it was made`
    );
  }
  if (expected.rawBytes !== undefined && input.bytes !== expected.rawBytes) {
    throw new Refusal(
      'ArchiveNotAsSealed',
      `the archive unpacks to ${input.bytes} bytes, and to ${expected.rawBytes} when it was made`
    );
  }
}

/** Passes one entry on. @param onData is called before each piece of its data is. */
function pass(
  { records, guard, target, deep, digest, output, names, onEntry }: Ways,
  { mode, isSelection }: Job,
  reader: TarReader,
  entry: Entry,
  progress: Received,
  onData: () => void = () => {}
): void {
  progress.entries++;
  if (isSelection && entry.path === '') return;
  if (entry.path.length > LONGEST_PATH && (isSelection || !isIntoEmpty(mode))) {
    throw new Refusal(
      'ArchiveUnsupported',
      `a path has ${entry.path.length} bytes: more than ${LONGEST_PATH} can be restored only into an empty volume`,
      entry.path
    );
  }
  const record = guard.admit(entry);
  records.set(record, factsOf(entry, records));
  // The root of another file system stays as it is: a snapshot or a ConfigMap takes no owner and no time.
  if (entry.type === 'directory' && target.isMount(entry.path)) {
    records.addFlags(record, IMPLIED);
    return;
  }
  if (entry.type === 'hardlink') {
    records.setLeader(record, records.leader(records.find(entry.target)));
  }
  onEntry(entry);
  names.write(Buffer.from(`${entry.path === '' ? '.' : entry.path}\0`, 'latin1'));
  output.write(headerOf(placed(entry, deep)));
  progress.hasWritten = true;
  if (entry.type !== 'file') return;
  const content = contentOf(reader, entry, digest, piece => {
    onData();
    output.write(piece);
  });
  records.setContent(record, entry.size, content);
  output.write(paddingOf(storedBytes(entry)));
}

/** @returns the entry as tar is to write it; see deep.ts. */
function placed(entry: Entry, deep: Deep): Entry {
  const path = deep.place(entry.path);
  const target = entry.type === 'hardlink' ? deep.place(entry.target) : entry.target;
  return path === entry.path && target === entry.target ? entry : { ...entry, path, target };
}

/** Reads the data of a file. @returns the digest of its content. */
export function contentOf(
  reader: TarReader,
  { segments, size }: Entry,
  digest: ContentDigest,
  pass: (piece: Buffer) => void
): Buffer {
  let at = 0;
  let segment = 0;
  let inSegment = 0;
  for (let data = reader.data(); data; data = reader.data()) {
    pass(data);
    if (!segments) {
      digest.add(data);
      continue;
    }
    for (let from = 0; from < data.length; ) {
      const { offset, bytes } = segments[segment] as { offset: number; bytes: number };
      if (inSegment === 0) digest.addZeros(offset - at);
      const piece = data.subarray(from, from + bytes - inSegment);
      digest.add(piece);
      from += piece.length;
      inSegment += piece.length;
      at = offset + inSegment;
      if (inSegment === bytes) {
        segment++;
        inSegment = 0;
      }
    }
  }
  if (segments) digest.addZeros(size - at);
  return digest.end();
}

const NOTHING = Buffer.alloc(16);

/** The properties by which an entry is compared; the content of a file comes later. */
export function factsOf(entry: Entry, records: Records): Facts {
  const capability = entry.xattrs.find(([name]) => name === 'security.capability')?.[1];
  const xattrs = entry.xattrs
    .filter(([name]) => name !== 'security.capability')
    .map(([name, value]) => `${name.length} ${name}${value.length} ${value}`)
    .sort();
  const acls = [sameAclText(entry.aclAccess), sameAclText(entry.aclDefault)].join('/');
  const { type, mode, uid, gid, seconds, nanoseconds, size } = entry;
  return {
    ...{ type, mode, uid, gid, seconds, nanoseconds, size },
    digest: textDigest(entry, records),
    xattrs: xattrs.length === 0 ? 0 : records.shortHash(xattrs.join('')),
    acls: acls === '/' ? 0 : records.shortHash(acls),
    capability: capability === undefined ? 0 : records.shortHash(capability),
  };
}

function textDigest({ type, target, major, minor }: Entry, records: Records): Buffer {
  if (type === 'symlink') return records.digestOf(target);
  if (type === 'character' || type === 'block') return records.digestOf(`${major}:${minor}`);
  return NOTHING;
}
