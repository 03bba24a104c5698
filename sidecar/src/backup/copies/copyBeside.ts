import { pipeline } from 'node:stream';
import type { Digest } from '../../archive/digest.ts';
import { hashAndCount } from '../../archive/digest.ts';
import type { StoredManifest } from '../../archive/manifest.ts';
import type { ArchiveForm } from '../../archive/name.ts';
import { indexName, snapshotName } from '../../archive/name.ts';
import type { Destination, Staged } from '../../destinations/destination.ts';
import { textOf } from '../../errors.ts';
import type { Held } from '../breakOff.ts';
import type { StagedSnapshot } from '../proveAndPublish.ts';
import { noSnapshot } from '../proveAndPublish.ts';
import type { StagedIndex } from '../receiveIndex.ts';
import { noIndex } from '../receiveIndex.ts';

/** An archive that is copied. */
export interface CopiedArchive {
  /** Its key where it is read. */
  source: string;
  manifest: Pick<StoredManifest, 'index' | 'snapshot'>;
  /** Its key where it is written. */
  key: string;
}

/** The copied files under temporary names, and warnings on those that could not be copied. */
export interface CopiedBeside {
  index?: StagedIndex;
  snapshot?: StagedSnapshot;
  warnings: string[];
}

interface Way {
  from: Destination;
  to: Destination;
  form: ArchiveForm;
}

/**
 * Copies the index and the snapshot file of an archive. Everything can be restored without them: one that cannot be copied, or
 * is another than the manifest names, is left out. No increment is made where a destination stores the tar alone: there, the
 * snapshot file is not needed.
 * @throws only when `signal` is aborted; `held` then names what is left
 */
export async function copyBeside(
  { source, manifest: { index, snapshot }, key }: CopiedArchive,
  { from, to, form }: Way,
  { held, signal }: { held: Held; signal: AbortSignal }
): Promise<CopiedBeside> {
  const copied: CopiedBeside = { warnings: [] };
  const copy = async (nameOf: (archive: string) => string, sha256: string): Promise<Taken> =>
    await copyFile({ from, source: nameOf(source), to, key: nameOf(key), sha256, signal });
  if (index) {
    const taken = await copy(indexName, index.sha256);
    if ('why' in taken) copied.warnings.push(noIndex(taken.why));
    else {
      held.index = taken.staged;
      const record = { ...taken.record, entries: index.entries };
      copied.index = { staged: taken.staged, record };
    }
  }
  if (snapshot && form !== 'tar') {
    const taken = await copy(snapshotName, snapshot.sha256);
    if ('why' in taken) copied.warnings.push(noSnapshot(taken.why));
    else {
      held.snapshot = taken.staged;
      copied.snapshot = taken;
    }
  }
  return copied;
}

type Taken = { staged: Staged; record: Digest & { key: string } } | { why: string };

interface CopiedFile {
  from: Destination;
  source: string;
  to: Destination;
  key: string;
  sha256: string;
  signal: AbortSignal;
}

async function copyFile({ from, source, to, key, sha256, signal }: CopiedFile): Promise<Taken> {
  let staged: Staged | undefined;
  try {
    const counter = hashAndCount();
    const body = pipeline(await from.open(source, { signal }), counter, () => undefined);
    staged = await to.stage(key, body, { signal });
    const own = counter.digest();
    if (own.sha256 !== sha256) throw new Error('it is not the one of the archive');
    return { staged, record: { key, ...own } };
  } catch (error) {
    await staged?.discard().catch(() => undefined); // the sweep deletes it
    signal.throwIfAborted();
    return { why: textOf(error) };
  }
}
