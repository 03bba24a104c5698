import { splitPath } from '../archive/entryPath.ts';
import { FILE } from '../archive/index/entry.ts';
import { readRaw } from '../archive/members/readRaw.ts';
import { ByteSource, EndOfBytes } from '../archive/tar/byteSource.ts';
import type { EntryHead } from '../archive/tar/entryHead.ts';
import { readEntryHead } from '../archive/tar/entryHead.ts';
import { BadTar, BLOCK } from '../archive/tar/header.ts';
import { StageError } from '../errors.ts';
import type { OpenArchive, Part } from './openArchive.ts';
import { partOf } from './openArchive.ts';

/**
 * Reads entries of an archive, or of the archives of a chain, in the order of their blocks. Bytes between two of them are skipped: unpacked, or not even read where
 * a later gzip member begins before the next one.
 */
export class EntryReader {
  private readonly archive: OpenArchive;
  private readonly signal: AbortSignal | undefined;
  private source: ByteSource | undefined;
  /** The archive that is read. */
  private part: Part;
  /** Where in its tar the source began. */
  private start = 0;
  private readonly toMemberEnds: boolean;

  /** @param toMemberEnds see `settle` */
  constructor(archive: OpenArchive, signal?: AbortSignal, toMemberEnds = false) {
    this.archive = archive;
    this.part = archive.parts[0];
    this.signal = signal;
    this.toMemberEnds = toMemberEnds;
  }

  /**
   * @param onDumpdir gets the names of a directory of a chain
   * @returns the headers of an entry, which are those that the index names; the source is after them
   * @throws StageError (stage `checksum`): `IndexWrong` when they are not; what `readRaw` throws
   */
  async head(
    node: number,
    onDumpdir?: (piece: Buffer) => void
  ): Promise<{ head: EntryHead; source: ByteSource }> {
    const { archive } = this;
    return await this.orRefuse(async () => {
      const source = await this.sourceOf(node);
      const head = await readEntryHead(source, new Map(), onDumpdir);
      if (!head || !isEntry(archive, node, head)) throw new BadTar('another entry is there');
      return { head, source };
    });
  }

  /** Says in words what went wrong while an entry was read. */
  async orRefuse<T>(reading: () => Promise<T>): Promise<T> {
    try {
      return await reading();
    } catch (error) {
      throw this.refusal(error);
    }
  }

  refusal(error: unknown): unknown {
    const isBadTar = error instanceof BadTar || error instanceof EndOfBytes;
    // Members that are not where a stored index says look like a broken archive.
    const isBadPlace =
      error instanceof StageError &&
      (error.reason === 'ArchiveTooShort' ||
        (error.reason === 'ArchiveBroken' && this.part.origin === 'stored'));
    if (!isBadTar && !isBadPlace) return error;
    this.part.indexIsWrong();
    return indexWrong(this.part, error);
  }

  /**
   * Reads on to the end of the gzip member that was read last, if that was asked for: only there its checksum says that
   * everything in it is as it was packed.
   */
  async settle(): Promise<void> {
    const { source, toMemberEnds } = this;
    if (!source || !toMemberEnds) return;
    const { members } = this.part.raw;
    const at = this.start + source.position;
    // One byte more: the checksum stands behind the last byte of the member.
    const end = members ? Math.ceil(at / members.rawBytes) * members.rawBytes + 1 : Infinity;
    await source.skip(end - at).catch(error => {
      if (!(error instanceof EndOfBytes)) throw error; // the end of the archive
    });
  }

  async close(): Promise<void> {
    await this.source?.close();
  }

  private async sourceOf(node: number): Promise<ByteSource> {
    const part = partOf(this.archive, node);
    const { members } = part.raw;
    const offset = (this.archive.index.blockOf(node) - part.start) * BLOCK;
    if (this.source && part === this.part) {
      const at = this.start + this.source.position;
      const begin = members ? Math.floor(offset / members.rawBytes) * members.rawBytes : 0;
      if (at <= offset && begin <= at) {
        await this.source.skip(offset - at);
        return this.source;
      }
    }
    await this.settle();
    await this.source?.close();
    this.part = part;
    this.start = offset;
    this.source = new ByteSource(readRaw(part.raw, offset, Infinity, this.signal));
    return this.source;
  }
}

function isEntry({ index }: OpenArchive, node: number, head: EntryHead): boolean {
  const { type, size } = index.columns;
  if (head.type !== type[node]) return false;
  if (head.type === FILE && head.size !== size[node]) return false;
  const path = index.pathBytes(node);
  const parts = splitPath(head.name);
  const length = parts.reduce((sum, part) => sum + part.length + 1, -1);
  if (Math.max(length, 0) !== path.length) return false;
  let at = 0;
  return parts.every(part => {
    const isSame = path.compare(part, 0, part.length, at, at + part.length) === 0;
    at += part.length + 1;
    return isSame;
  });
}

const indexWrong = ({ ref }: Part, cause: unknown) =>
  new StageError(
    'checksum',
    'IndexWrong',
    `index of archive ${ref.key} does not match the archive`,
    'try again: NKVM rebuilds the index from the archive',
    'transient',
    { cause }
  );
