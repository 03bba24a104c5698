import type { StoredManifest } from '../../archive/manifest.ts';
import { readManifest } from '../../archive/manifest.ts';
import { manifestName } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import { readText } from '../../destinations/read/readText.ts';
import { StageError, textOf } from '../../errors.ts';
import { neededBytesOf } from '../../restore/plan/plannedSource.ts';

/** The part of a manifest that decides. */
export interface Identified {
  archive: string;
  runId: string;
  /** Null in format version 1. */
  clusterUid: string | null;
  cluster: string;
  namespace: string;
  pvc: string;
  createdAt: string;
  bytes: number;
  /** Of the file, where that is not the archive. */
  storedBytes: number | null;
  neededBytes: number | null;
  proof: 'size' | 'checksum' | 'contents';
  isSafety: boolean;
  /** Run ids of the archives that must be unpacked before it; empty for a full archive. */
  needs: string[];
}

export type ReadManifest =
  | Identified
  | { fails: 'unreadable' | 'too-new'; why: string }
  | { fails: 'unlooked'; why: string; hint: string };

/** Reads manifests, each once for as long as its destination is the same. */
export interface Manifests {
  /** @throws only the reason of `signal` */
  read(archive: string, destination: Destination, signal: AbortSignal): Promise<ReadManifest>;
}

/** See `restore/source.ts`. */
const MANIFEST_BYTES = 4 * 1024 * 1024;

/** Those of 5,000 claims with a few archives each: some 15 MB. */
const MOST = 30_000;

export function manifests(): Manifests {
  const known = new WeakMap<Destination, Map<string, Identified>>();
  return {
    async read(archive, destination, signal) {
      const of = known.get(destination) ?? new Map<string, Identified>();
      known.set(destination, of);
      const cached = of.get(archive);
      if (cached) return cached;
      const read = await readOne(archive, destination, signal);
      if ('fails' in read) return read;
      of.set(archive, read);
      const [oldest] = of.keys();
      if (of.size > MOST && oldest !== undefined) of.delete(oldest);
      return read;
    },
  };
}

async function readOne(
  archive: string,
  destination: Destination,
  signal: AbortSignal
): Promise<ReadManifest> {
  const key = manifestName(archive);
  let text: string;
  try {
    text = await readText(destination, key, MANIFEST_BYTES, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RangeError)
      return { fails: 'unreadable', why: `manifest ${key}: ${textOf(error)}` };
    // Also one that the listing had, and that is not there now: another look decides.
    return {
      fails: 'unlooked',
      why: textOf(error),
      hint: error instanceof StageError ? error.hint : 'see the log of NKVM',
    };
  }
  try {
    const manifest = readManifest(key, text);
    if (manifest.archive === archive) return identified(manifest);
    const why = `manifest ${key} is one of another archive, ${manifest.archive}`;
    return { fails: 'unreadable', why };
  } catch (error) {
    const isTooNew = error instanceof StageError && error.reason === 'ManifestTooNew';
    return { fails: isTooNew ? 'too-new' : 'unreadable', why: textOf(error) };
  }
}

const identified = (manifest: StoredManifest): Identified => {
  const { archive, runId, clusterUid, cluster, namespace, pvc, createdAt, bytes } = manifest;
  const { usedBytes, seal, stored, proof, priority, chain } = manifest;
  return {
    ...{ archive, runId, clusterUid, cluster, namespace, pvc, createdAt, bytes },
    storedBytes: stored?.bytes ?? null,
    neededBytes: neededBytesOf({ usedBytes, rawBytes: seal.rawBytes, files: seal.files }),
    proof: proof?.level ?? 'size',
    // People and schedules ask for the others.
    isSafety: priority === 'restore',
    needs: chain?.links.map(({ runId }) => runId) ?? [],
  };
};
