import type { Archives } from '../../browse/archives.ts';
import { archivesAt } from '../../browse/archives.ts';
import type { OpenArchive } from '../../browse/openArchive.ts';
import type { MemoryStorage } from '../destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../destinations/memoryDestination.ts';
import { onePlace } from '../destinations/onePlace.ts';
import type { TestArchive } from './testArchive.ts';

/** Archives in memory, and what was logged about them. */
export interface TestArchives {
  archives: Archives;
  storage: MemoryStorage;
  warnings: string[];
  open(key: string): Promise<OpenArchive>;
}

export function testArchives(mayStore = true): TestArchives {
  const storage = memoryStorage();
  const warnings: string[] = [];
  const archives = archivesAt({
    places: onePlace(memoryDestination(storage)),
    log: { info: () => {}, warn: (_facts: unknown, text: string) => void warnings.push(text) },
    mayStore: () => mayStore,
  });
  const open = async (key: string) =>
    await archives.open(await archives.ref({ destination: 'memory', key }));
  return { archives, storage, warnings, open };
}

/** Puts an archive at a destination, and its index, if it has one. */
export function putArchive(
  { archives }: MemoryStorage,
  key: string,
  { archive, index }: Pick<TestArchive, 'archive'> & { index: Buffer | undefined }
): void {
  archives.set(key, archive);
  if (index) archives.set(`${key}.index.gz`, index);
}
