import { indexName, manifestName } from '../../archive/name.ts';
import type { MemoryStorage } from '../destinations/memoryDestination.ts';
import { exampleManifest } from './exampleManifest.ts';

/**
 * Puts the three files of a backup into a memory destination, as a run leaves them.
 * @param manifest names the archive; `size` bytes of it are stored, by default as many as its manifest says
 */
export function putArchive(
  { archives }: MemoryStorage,
  manifest: Parameters<typeof exampleManifest>[0],
  size?: number
): void {
  const written = exampleManifest(manifest);
  archives.set(written.archive, Buffer.alloc(size ?? written.bytes));
  archives.set(indexName(written.archive), Buffer.from('index'));
  archives.set(manifestName(written.archive), Buffer.from(JSON.stringify(written)));
}
