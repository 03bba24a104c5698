import type { Backup, Copy } from '../../api/index.ts';
import type { StoredManifest } from '../archive/manifest.ts';
import { readManifest } from '../archive/manifest.ts';
import { archiveNameIn, manifestName, parseArchiveName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import { readText } from '../destinations/read/readText.ts';
import { StageError } from '../errors.ts';
import type { RunChange } from '../history/history.ts';
import { copyWithout, verdictOnCopies } from './copies/copiesVerdict.ts';

/** Room for 256 KiB of annotations, six bytes for each character in JSON, and tar's messages; a longer file is something else. */
const MANIFEST_BYTES = 4 * 1024 * 1024;

/** An archive that is complete by its manifest, which is written last and only after the proof. */
export interface ProvenArchive {
  manifest: StoredManifest;
  copy: Copy;
}

/**
 * Reads the manifest at `key` and looks whether its archive is there with the size that it names.
 * @throws Error that says why the manifest proves nothing, or that the destination could not be read
 */
export async function provenArchiveAt(
  key: string,
  destination: Destination,
  signal?: AbortSignal
): Promise<ProvenArchive> {
  const manifest = readManifest(key, await readText(destination, key, MANIFEST_BYTES, { signal }));
  const { archive, bytes, sha256, provenAt, proof, stored: file } = manifest;
  if (manifestName(archive) !== key) {
    throw new Error(`manifest ${key} describes another archive: ${archive}`);
  }
  const stored = await destination.stat(archive, { signal });
  // Where NKVM does not decrypt any more, it is the file that has a size.
  if (stored?.bytes !== bytes && (!stored || stored.bytes !== file?.bytes)) {
    throw new Error(
      `archive ${archive} ${
        stored ? `has ${stored.bytes} bytes` : 'is missing'
      }; its manifest says ${bytes} bytes`
    );
  }
  return {
    manifest,
    copy: {
      destination: destination.id,
      key: archive,
      state: 'present',
      bytes,
      sha256,
      provenAt,
      proof,
      verifiedAt: null,
      isRequired: isRequiredAt(manifest, destination.id),
      problem: null,
      retryAt: null,
      encrypted: parseArchiveName(archive)?.form === 'tar.gz.age',
      stored: file,
    },
  };
}

/** @returns whether an archive is one of this run: a run id alone could come from another history. */
export const isOfRun = (
  { manifest: { runId, namespace, pvc, pvcUid } }: ProvenArchive,
  run: Pick<Backup, 'id' | 'namespace' | 'name' | 'uid'>
): boolean =>
  runId === run.id && namespace === run.namespace && pvc === run.name && pvcUid === run.uid;

/**
 * @returns whether two archives of one run come from the same attempt: copies have one name, which ends with the form that a
 *   destination wants. The archives of two attempts differ, and may need others.
 */
export const isOfSameAttempt = (one: Pick<Copy, 'key'>, other: Pick<Copy, 'key'>): boolean =>
  archiveNameIn(one.key, 'tar.gz') === archiveNameIn(other.key, 'tar.gz');

/** Archives of version 3 and before had one destination, and do not say which. */
const isRequiredAt = ({ destinations }: StoredManifest, name: string): boolean =>
  destinations.length === 0 || destinations.some(each => each.name === name && each.isRequired);

/**
 * @param found archives of one run, at least one
 * @param before the copies that the record has; those that were found take their places
 * @param done the sentence on the outcome, if that is a success
 * @returns the record of a run that has these archives, whatever the record said before: see `verdictOnCopies`
 */
export function recordOf(
  [first, ...more]: readonly [ProvenArchive, ...ProvenArchive[]],
  before: readonly Copy[],
  done: string
) {
  const { manifest, copy: own } = first;
  const asked =
    manifest.destinations.length > 0
      ? manifest.destinations
      : [{ name: own.destination, isRequired: true }];
  const copies = new Map(before.map(copy => [copy.destination, copy]));
  for (const { copy } of [first, ...more]) copies.set(copy.destination, copy);
  for (const { name, isRequired } of asked) {
    if (copies.has(name)) continue;
    copies.set(name, copyWithout({ name, isRequired, key: own.key }, notFound(name)));
  }
  const places = asked.map(({ name }) => name);
  const placeOf = ({ destination }: Copy): number =>
    (places.indexOf(destination) + 1 || places.length + 1) - 1;
  const all = [...copies.values()].sort((one, other) => placeOf(one) - placeOf(other));
  return {
    ...verdictOnCopies(all, done),
    destinations: places,
    bytes: own.bytes,
    sha256: own.sha256,
    copies: all,
    seal: manifest.seal,
    chain: manifest.chain,
    warnings: manifest.warnings,
    tarMessages: manifest.tarMessages,
    warningCount: manifest.tarMessages.length,
    transport: manifest.transport,
    transportReason: manifest.transportReason,
    retryAt: null,
    endedAt: endOf(manifest),
  } satisfies RunChange;
}

const notFound = (name: string): StageError =>
  new StageError(
    'copy',
    'CopyNotFound',
    `no copy was found at destination ${name}, or NKVM has not listed its archives yet`,
    'nothing to do: NKVM looks for it again, and makes it if it does not exist',
    'unknown'
  );

/**
 * A manifest of version 1 does not say when its run ended. The time in the archive's name is when reading the volume began:
 * for the age of a backup that is never too young.
 */
function endOf({ provenAt, archive, createdAt }: StoredManifest): string {
  const begunAt = parseArchiveName(archive)?.at.getTime() ?? 0;
  return provenAt ?? new Date(Math.max(begunAt, Date.parse(createdAt))).toISOString();
}
