import type { RestorePlan } from '../../api/index.ts';
import type { StageError } from '../errors.ts';
import type { RestoreSource } from './source.ts';

/** The archive of a plan: what of it is shown, also where it cannot be restored. */
export interface PlannedSource {
  found: { is: RestoreSource } | { fails: StageError };
  shown: RestorePlan['source'];
  /** What the volume's files took; null: not known. */
  usedBytes: number | null;
}

/** @returns what a plan shows of an archive that is there. */
export function plannedSource(source: RestoreSource): PlannedSource {
  const { backup, key, bytes, manifest, run, source: from } = source;
  const seal = manifest?.seal ?? run?.seal;
  return {
    found: { is: source },
    shown: {
      backup,
      archive: key,
      namespace: from.namespace,
      name: from.name,
      createdAt: from.createdAt,
      hasManifest: manifest !== undefined,
      bytes,
      rawBytes: seal?.rawBytes ?? null,
      files: seal?.files ?? null,
    },
    usedBytes: usedBytesOf(manifest),
  };
}

/** Older manifests do not say it. */
const usedBytesOf = (manifest: object | undefined): number | null =>
  manifest && 'usedBytes' in manifest && typeof manifest.usedBytes === 'number'
    ? manifest.usedBytes
    : null;

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
  usedBytes: null,
});
