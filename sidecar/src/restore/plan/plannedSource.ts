import type { RestorePlan } from '../../../api/index.ts';
import type { StageError } from '../../errors.ts';
import type { RestoreSource } from '../source.ts';
import { bytesOf } from '../source.ts';

/** The archive of a plan: what of it is shown, also where it cannot be restored. */
export interface PlannedSource {
  found: { is: RestoreSource } | { fails: StageError };
  shown: RestorePlan['source'];
  /** Space that its files need in a volume; null: not known. */
  neededBytes: number | null;
}

/** @returns what a plan shows of an archive that is there. */
export function plannedSource(source: RestoreSource): PlannedSource {
  const { backup, key, manifest, run, source: from } = source;
  const seal = manifest?.seal ?? run?.seal;
  // Of an increment they tell what has changed.
  const isWhole = source.links.length === 0;
  const [rawBytes, files] = isWhole ? [seal?.rawBytes ?? null, seal?.files ?? null] : [null, null];
  return {
    found: { is: source },
    shown: {
      backup,
      archive: key,
      namespace: from.namespace,
      name: from.name,
      createdAt: from.createdAt,
      hasManifest: manifest !== undefined,
      bytes: bytesOf(source),
      ...{ rawBytes, files },
    },
    neededBytes: neededBytesOf({ usedBytes: manifest?.usedBytes ?? null, rawBytes, files }),
  };
}

/** At least a header, padding and the header of times in nanoseconds: it is in the tar and not in the volume. */
const TAR_BYTES_OF_ENTRY = 3 * 512;

/**
 * How much room the files of an archive need, from what is known of them.
 *
 * | the volume | needs |
 * | --- | --- |
 * | small files, which fill a block each | what was allocated to them: the tar has less |
 * | a file system that compresses | what is in the tar: less was allocated, and the target may not compress |
 * | sparse files | either: holes are in neither |
 *
 * @returns null where nothing says it
 */
export function neededBytesOf({
  usedBytes,
  rawBytes,
  files,
}: {
  usedBytes: number | null;
  rawBytes: number | null;
  files: number | null;
}): number | null {
  if (rawBytes === null) return usedBytes;
  const contents = Math.max(0, rawBytes - (files ?? 0) * TAR_BYTES_OF_ENTRY);
  return Math.max(contents, usedBytes ?? rawBytes);
}

/** @returns what a plan shows of an archive that cannot be restored. */
export const missingSource = (
  backup: string,
  fails: StageError,
  known: Partial<RestorePlan['source']> = {}
): PlannedSource => ({
  found: { fails },
  shown: {
    ...{ backup, archive: '', namespace: null, name: null, createdAt: null },
    ...{ hasManifest: false, bytes: 0, rawBytes: null, files: null },
    ...known,
  },
  neededBytes: null,
});
