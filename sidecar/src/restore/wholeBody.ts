import type { Digest } from '../archive/digest.ts';
import { archiveFormOf } from '../archive/name.ts';
import type { LinkSize } from '../helper/unpack/unpack.ts';
import type { CheckedArchive } from './archiveCheck.ts';
import { chainBody, encodingOf } from './chainBody.ts';
import { compareDigest } from './compareDigest.ts';
import type { RestoreBody } from './intoClaim.ts';
import { plannedSource } from './plan/plannedSource.ts';
import type { RestoreSource } from './source.ts';

/** @returns all of an archive that was checked, to be sent into a volume; of an increment, with all that it needs. */
export function wholeBody(source: RestoreSource, checked: CheckedArchive): RestoreBody {
  const { shown, neededBytes } = plannedSource(source);
  const rawBytes = shown.rawBytes ?? checked.rawBytes;
  const { destination, key, links } = source;
  if (links.length > 0) {
    return {
      encoding: encodingOf(source),
      expected: { sha256: checked.sha256 },
      links: linkSizes(source),
      neededBytes: neededBytes ?? undefined,
      open: ending => chainBody(source, ending),
    };
  }
  return {
    encoding: archiveFormOf(key) === 'tar' ? 'tar' : 'gzip',
    expected: {
      sha256: checked.sha256,
      ...(rawBytes !== undefined && { rawBytes }),
      ...(shown.files !== null && { files: shown.files }),
    },
    neededBytes: neededBytes ?? rawBytes,
    open: ending => destination.open(key, { signal: ending }),
  };
}

/** @returns what the helpers sealed of the archives of a chain, newest first. */
function linkSizes({ manifest, run, links }: RestoreSource): LinkSize[] {
  const own = manifest?.seal ?? run?.seal;
  if (!own) throw new Error('an increment is known by its manifest, or by its backup');
  return [own, ...links.map(link => link.manifest.seal).reverse()].map(({ rawBytes, files }) => ({
    rawBytes,
    files,
  }));
}

/** @throws StageError (`ArchiveDiffers`) when something else was sent than was checked before. */
export function compareSent(source: RestoreSource, checked: CheckedArchive, sent: Digest): void {
  compareDigest(source.links.length > 0 ? { ...source, ...checked } : source, sent);
}
