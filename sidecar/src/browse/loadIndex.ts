import type { ArchiveIndex } from '../archive/index/archiveIndex.ts';
import { IndexBuilder } from '../archive/index/builder.ts';
import { LINES_FORMAT } from '../archive/index/lines.ts';
import { INDEX_VERSION, readIndex } from '../archive/index/storedIndex.ts';
import { storedForm } from '../archive/index/writeIndex.ts';
import type { Members } from '../archive/members/rawArchive.ts';
import { membersOf } from '../archive/members/rawArchive.ts';
import { readRaw } from '../archive/members/readRaw.ts';
import { indexName } from '../archive/name.ts';
import { BadTar } from '../archive/tar/header.ts';
import { scanTar } from '../archive/tar/scanTar.ts';
import { StageError, textOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ArchiveRef } from './openArchive.ts';

/** An index, and what it says of its archive. */
export interface FoundIndex {
  index: ArchiveIndex;
  members: Members | undefined;
  rawBytes: number | undefined;
  origin: 'stored' | 'rebuilt';
  hasGlobals: boolean;
}

/**
 * Reads the index beside an archive.
 * @returns undefined when there is none, or it belongs to another archive, which is logged
 * @throws StageError when the storage does not answer, or it has too many entries
 */
export async function storedIndex(
  { destination, key, bytes, manifest }: ArchiveRef,
  log: Pick<Log, 'warn'>,
  signal?: AbortSignal
): Promise<FoundIndex | undefined> {
  const name = indexName(key);
  const stored = await destination.stat(name, { signal });
  if (!stored) return undefined;
  const body = await destination.open(name, { signal });
  try {
    const expected = manifest?.index?.entries ?? manifest?.seal.files;
    const { header, index, sha256 } = await readIndex(body, key, stored.bytes, {
      expected,
      signal,
    });
    const wanted = manifest?.index?.sha256;
    if (wanted !== undefined && wanted !== sha256)
      throw new Error('its manifest names another SHA-256');
    if (header.bytes !== undefined && header.bytes !== null && header.bytes !== bytes)
      throw new Error('the archive has another size');
    const sealed = manifest?.seal.files;
    // Without a digest nothing else tells that a part of it is missing, and then a part of what is chosen.
    if (wanted === undefined && sealed !== undefined && index.entries < sealed)
      throw new Error(`it has ${index.entries} entries, and the archive ${sealed}`);
    const members = membersOf(header.memberRawBytes, header.members, bytes);
    return {
      index,
      members,
      rawBytes: header.rawBytes ?? undefined,
      origin: 'stored',
      hasGlobals: false,
    };
  } catch (error) {
    if (signal?.aborted || error instanceof StageError) throw error;
    log.warn({ index: name }, `index ${name} is not used: ${textOf(error)}`);
    return undefined;
  } finally {
    body.destroy();
  }
}

/**
 * Makes an index by reading the whole archive once.
 * @throws StageError (stage `checksum`) when it is not a complete .tar.gz, or cannot be read
 */
export async function rebuiltIndex(ref: ArchiveRef, signal?: AbortSignal): Promise<FoundIndex> {
  const { destination, key, bytes, manifest } = ref;
  const builder = new IndexBuilder({ expected: manifest?.seal.files });
  const tar = readRaw({ destination, key, bytes, members: undefined }, 0, Infinity, signal);
  try {
    const { rawBytes, hasGlobals } = await scanTar(tar, entry => builder.add(entry));
    return { index: builder.finish(), members: undefined, rawBytes, origin: 'rebuilt', hasGlobals };
  } catch (error) {
    if (!(error instanceof BadTar)) throw error;
    throw new StageError(
      'checksum',
      'ArchiveBroken',
      `archive ${destination.locate(key)} is not a complete .tar.gz: ${error.message}`,
      'verify the backup, and check the storage; another backup of the volume may be complete',
      'needs-action',
      { cause: error }
    );
  }
}

/**
 * Stores an index that was made here beside its archive, never in the place of another one.
 * @returns whether it is there now
 */
export async function storeIndex(
  { destination, key, bytes }: ArchiveRef,
  { index, members, rawBytes }: FoundIndex,
  signal?: AbortSignal
): Promise<boolean> {
  const name = indexName(key);
  if (await destination.stat(name, { signal })) return false;
  const header = {
    formatVersion: INDEX_VERSION,
    archive: key,
    bytes,
    lines: LINES_FORMAT,
    ...(rawBytes !== undefined && { rawBytes }),
    ...(members && { memberRawBytes: members.rawBytes, members: [...members.sizes] }),
  } as const;
  const staged = await destination.stage(name, storedForm(header, index), { signal });
  await staged.publish({ signal });
  return true;
}
