import type { Backup, Copy } from '../../api/index.ts';
import type { StoredManifest } from '../archive/manifest.ts';
import { readManifest } from '../archive/manifest.ts';
import { manifestName, parseArchiveName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import { readText } from '../destinations/readText.ts';
import type { RunChange } from '../history/history.ts';

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
  const { archive, bytes, sha256, provenAt, proof } = manifest;
  if (manifestName(archive) !== key) {
    throw new Error(`manifest ${key} describes another archive: ${archive}`);
  }
  const stored = await destination.stat(archive, { signal });
  if (stored?.bytes !== bytes) {
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
      isRequired: true,
      problem: null,
      retryAt: null,
      encrypted: false,
      stored: null,
    },
  };
}

/** @returns whether an archive is one of this run: a run id alone could come from another history. */
export const isOfRun = (
  { manifest: { runId, namespace, pvc, pvcUid } }: ProvenArchive,
  run: Pick<Backup, 'id' | 'namespace' | 'name' | 'uid'>
): boolean =>
  runId === run.id && namespace === run.namespace && pvc === run.name && pvcUid === run.uid;

/** @returns the record of a run that has this archive, whatever the record said before. */
export const successOf = ({ manifest, copy }: ProvenArchive, message: string) =>
  ({
    status: 'success',
    stage: 'cleanup',
    bytes: copy.bytes,
    sha256: copy.sha256,
    copies: [copy],
    seal: manifest.seal,
    warnings: manifest.warnings,
    tarMessages: manifest.tarMessages,
    warningCount: manifest.tarMessages.length,
    message,
    reason: null,
    hint: null,
    failureClass: null,
    retryAt: null,
    endedAt: endOf(manifest),
  } satisfies RunChange);

/**
 * A manifest of version 1 does not say when its run ended. The time in the archive's name is when reading the volume began:
 * for the age of a backup that is never too young.
 */
function endOf({ provenAt, archive, createdAt }: StoredManifest): string {
  const begunAt = parseArchiveName(archive)?.at.getTime() ?? 0;
  return provenAt ?? new Date(Math.max(begunAt, Date.parse(createdAt))).toISOString();
}
