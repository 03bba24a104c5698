import type { ChainLink } from '../../../api/index.ts';
import type { OptionalChain } from '../../archive/chain/chain.ts';
import type { StoredManifest } from '../../archive/manifest.ts';
import { readManifest } from '../../archive/manifest.ts';
import type { ArchiveForm } from '../../archive/name.ts';
import { ARCHIVE_FORMS, archiveFormOf, archiveNameIn, manifestName } from '../../archive/name.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Destination } from '../destination.ts';
import { readText } from './readText.ts';

/** One of the archives that an increment needs, as it is at a destination. */
export interface LinkThere {
  runId: string;
  key: string;
  /** Of the archive as it is read there. */
  bytes: number;
  sha256: string;
  manifest: StoredManifest;
}

const MANIFEST_BYTES = 4 * 1024 * 1024;

/**
 * Finds the archives that an increment needs, at its own destination, by their manifests. None of them is read.
 * @param key of the increment
 * @returns the full archive first, without the increment itself; none where `chain` is that of a full archive
 * @throws StageError (`ChainIncomplete`) when one is not there, or is another one than was meant; what the destination says
 */
export async function chainThere(
  key: string,
  chain: OptionalChain,
  destination: Destination,
  signal?: AbortSignal
): Promise<LinkThere[]> {
  const found: LinkThere[] = [];
  const links = chain?.links ?? [];
  for (const [at, link] of links.entries()) {
    const there = await linkThere(key, link, destination, signal);
    const before = there.manifest.chain?.links.map(({ runId }) => runId) ?? [];
    const meant = links.slice(0, at).map(({ runId }) => runId);
    if (before.join() !== meant.join()) {
      throw incomplete(key, link, destination, 'belongs to another chain there');
    }
    found.push(there);
  }
  return found;
}

/** A destination may have stored archives in another form when the chain began. */
async function linkThere(
  key: string,
  link: ChainLink,
  destination: Destination,
  signal: AbortSignal | undefined
): Promise<LinkThere> {
  const own = archiveFormOf(key) ?? 'tar.gz';
  const forms = [own, ...ARCHIVE_FORMS.filter((form: ArchiveForm) => form !== own)];
  for (const form of forms) {
    const name = archiveNameIn(link.archive, form);
    const stored = await destination.stat(name, { signal });
    if (!stored) continue;
    const manifest = await manifestThere(name, destination, signal).catch((error: unknown) => {
      throw incomplete(key, link, destination, whyUseless(error));
    });
    const { bytes, sha256, seal } = manifest;
    if (manifest.archive !== name || seal.sha256 !== link.sha256) {
      throw incomplete(key, link, destination, 'has the manifest of another archive there');
    }
    if (stored.bytes !== bytes) {
      throw incomplete(
        key,
        link,
        destination,
        `has ${stored.bytes} bytes there, and ${bytes} in its manifest`
      );
    }
    return { runId: link.runId, key: name, bytes, sha256, manifest };
  }
  throw incomplete(key, link, destination, 'is not there');
}

async function manifestThere(
  archive: string,
  destination: Destination,
  signal: AbortSignal | undefined
): Promise<StoredManifest> {
  const key = manifestName(archive);
  return readManifest(key, await readText(destination, key, MANIFEST_BYTES, { signal }));
}

/** @throws the error, where a sound manifest may be there: the storage did not answer, or this version cannot read it */
function whyUseless(error: unknown): string {
  const reason = error instanceof StageError && error.reason;
  if (reason === 'ArchiveMissing') return 'has no manifest there';
  if (reason === 'ManifestUnreadable' || error instanceof RangeError)
    return `has a damaged manifest there: ${textOf(error)}`;
  throw error;
}

const incomplete = (
  key: string,
  link: ChainLink,
  destination: Pick<Destination, 'locate'>,
  why: string
): StageError =>
  new StageError(
    'queue',
    'ChainIncomplete',
    `${destination.locate(key)} is an increment and needs ${link.archive}, which ${why}`,
    'restore another copy of this backup, or a backup before it; put the archive and its manifest back from a copy if there is one',
    'needs-action'
  );
