import { archiveFormOf } from '../../archive/name.ts';
import { readFirstByte } from '../../destinations/read/readFirstByte.ts';
import { StageError } from '../../errors.ts';
import type { RestoreSource, SourceWorld } from '../source.ts';
import { findSource } from '../source.ts';

export interface OpenableSource {
  source: RestoreSource;
  /** Why no copy can be decrypted; undefined: this one can. */
  locked: StageError | undefined;
}

/**
 * Finds the archive as a restore does, and tries to decrypt its first byte, and that of the full archive that an increment needs,
 * which may have other keys: the next copy of a backup is taken where that needs a key that NKVM does not have.
 * @throws what `findSource` throws
 */
export async function findOpenableSource(
  asked: string,
  world: SourceWorld,
  signal: AbortSignal
): Promise<OpenableSource> {
  const passed = new Set<string>();
  let first: OpenableSource | undefined;
  for (;;) {
    let source: RestoreSource;
    try {
      source = await findSource(asked, world, signal, passed);
    } catch (error) {
      signal.throwIfAborted();
      if (first) return first;
      throw error;
    }
    const locked = await lockOf(source, signal);
    if (!locked) return { source, locked };
    first ??= { source, locked };
    if (asked !== source.run?.id) return first; // one archive is asked for
    passed.add(source.destination.id);
  }
}

const LOCKED = ['ArchiveLocked', 'NoMatchingKey', 'PassphraseTooCostly'];

/** @returns why the archive cannot be decrypted. Any other failure is found by the check that reads it. */
async function lockOf(
  { destination, key, links }: RestoreSource,
  signal: AbortSignal
): Promise<StageError | undefined> {
  for (const each of [key, ...links.slice(0, 1).map(full => full.key)]) {
    if (archiveFormOf(each) !== 'tar.gz.age') continue;
    try {
      await readFirstByte(destination, each, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StageError && LOCKED.includes(error.reason)) return error;
    }
  }
  return undefined;
}
