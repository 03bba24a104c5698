import type { Copy } from '../../../api/index.ts';
import { archiveNameIn, indexName, manifestName, snapshotName } from '../../archive/name.ts';
import { provenArchiveAt } from '../provenArchive.ts';
import type { OpenTarget } from './targets.ts';

/**
 * Looks for what is at a destination already under the name that a copy is to get there:
 *
 * | manifest | archive | |
 * | --- | --- | --- |
 * | there | there | it was proven, by an earlier attempt or before the history was lost: is taken over |
 * | there | not there | the storage has lost it: the manifest is deleted, because it would keep the copy from its name |
 * | not there | there | a process was killed before the proof: is deleted, unless the record says that it was proven once |
 *
 * Nobody else writes there meanwhile: the backup has ended, and each copy of it is made by one run.
 * @param known what the record has of this destination
 * @returns the copy that is taken over. @throws StageError; Error that says why the manifest proves nothing
 */
export async function foundThere(
  source: Copy,
  known: Copy | undefined,
  { destination, form }: Pick<OpenTarget, 'destination' | 'form'>,
  signal: AbortSignal
): Promise<Copy | undefined> {
  const key = archiveNameIn(source.key, form);
  const manifest = manifestName(key);
  const isArchiveThere = (await destination.stat(key, { signal })) !== undefined;
  const isManifestThere = (await destination.stat(manifest, { signal })) !== undefined;
  if (!isArchiveThere) {
    if (isManifestThere) await destination.remove(manifest, { signal });
    return undefined;
  }
  if (!isManifestThere) {
    if (known?.state === 'missing') return undefined;
    await destination.remove(snapshotName(key), { signal });
    await destination.remove(indexName(key), { signal });
    await destination.remove(key, { signal });
    return undefined;
  }
  const { copy } = await provenArchiveAt(manifest, destination, signal);
  // The tar and its gzip have digests of their own.
  const isSameForm = source.key.endsWith('.tar') === (form === 'tar');
  return copy.sha256 === source.sha256 || !isSameForm ? copy : undefined;
}
