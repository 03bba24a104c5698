import type { Copy, Proof, Seal } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import type { Manifest } from '../archive/manifest.ts';
import { manifestName } from '../archive/name.ts';
import type { Lane } from '../cluster/gateway/lane.ts';
import type { Destination, Staged } from '../destinations/destination.ts';
import { StageError, textOf } from '../errors.ts';
import type { Held } from './breakOff.ts';
import { proveCopy } from './copies/proveCopy.ts';
import type { ProofPlan } from './proofLevel.ts';
import type { StagedIndex } from './receiveIndex.ts';
import { noIndex } from './receiveIndex.ts';

/** A copy that was received and has no final name yet. */
export interface Received {
  destination: Destination;
  key: string;
  /** Without this copy the backup is not a success. */
  isRequired: boolean;
  staged: Staged;
  /** The bytes that were sent to the destination. */
  own: Digest;
  seal: Seal;
  index: StagedIndex | undefined;
  /** The file from which the next increment is made. */
  snapshot?: StagedSnapshot | undefined;
  warnings: string[];
}

/** A snapshot file that is stored under a temporary name, and is the one that the pod sealed. */
export interface StagedSnapshot {
  staged: Staged;
  /** Its facts in the manifest. */
  record: NonNullable<Manifest['snapshot']>;
}

/** How a stored copy was compared with what the pod sent. */
export interface Proven {
  proof: Proof;
  provenAt: string;
}

/** The other fields of the manifest. */
export interface Published extends Proven {
  index: StagedIndex['record'] | null;
  snapshot: StagedSnapshot['record'] | null;
  warnings: string[];
  /** The file as it is stored, where that is not what was sent. */
  stored: Copy['stored'];
}

export interface PublishOptions {
  plan: ProofPlan;
  /** @returns the text of the manifest, for a copy that was proven. @throws StageError. */
  manifest(published: Published): string;
  signal: AbortSignal;
  now(): Date;
  /** Knows what must be deleted should a step fail. */
  held: Held;
  /** Where proofs that unpack wait for each other. */
  unpacking: Lane;
}

/**
 * Proves one copy under its temporary name, gives it its name when it is what the pod sent, and writes the manifest last: an
 * archive without one does not count as a backup. Its index gets its name before it. Storage that shows nothing before it
 * is complete is proven between its name and its manifest.
 * @returns the copy, and the warnings that are in its manifest. @throws StageError; `held` then says what must be deleted.
 */
export async function proveAndPublish(
  received: Received,
  { plan, manifest, signal, now, held, unpacking }: PublishOptions
): Promise<{ copy: Copy; warnings: string[] }> {
  const { destination, key, staged, own, seal, isRequired } = received;
  const prove = async (): Promise<Proven> => {
    const where = destination.locate(key);
    const proof = await proveCopy(staged, { where, own, seal, plan, signal, unpacking });
    return { proof, provenAt: now().toISOString() };
  };
  const publish = async (): Promise<void> => {
    signal.throwIfAborted();
    await staged.publish({ signal });
    held.unlisted = key; // not before: a name that was taken belongs to another archive
  };
  const stored = staged.stored ?? null;

  let published: Published;
  let text: string;
  if (destination.provesAfterPublish) {
    const indexed = await publishBeside(received, signal, held);
    await publish();
    published = { ...(await prove()), ...indexed, stored };
    text = manifest(published);
    signal.throwIfAborted();
  } else {
    const proven = await prove();
    published = { ...proven, ...(await publishBeside(received, signal, held)), stored };
    text = manifest(published);
    await publish();
  }
  await destination.put(manifestName(key), text).catch((error: unknown) => {
    // Somebody else has proven what is there: it is not to be deleted.
    const isTaken = error instanceof StageError && error.reason === 'NameTaken';
    if (isTaken) held.unlisted = held.unlistedIndex = held.unlistedSnapshot = undefined;
    throw error;
  });
  held.unlisted = held.unlistedIndex = held.unlistedSnapshot = undefined;
  const copy: Copy = {
    destination: destination.id,
    key,
    state: 'present',
    isRequired,
    problem: null,
    retryAt: null,
    ...own,
    provenAt: published.provenAt,
    proof: published.proof,
    verifiedAt: null,
    encrypted: key.endsWith('.age'),
    stored,
  };
  return { copy, warnings: published.warnings };
}

async function publishBeside(
  received: Received,
  signal: AbortSignal,
  held: Held
): Promise<Pick<Published, 'index' | 'snapshot' | 'warnings'>> {
  const { destination, key, snapshot } = received;
  const indexed = await publishIndex(received, signal, held);
  if (!snapshot) return { ...indexed, snapshot: null };
  const { staged, record } = snapshot;
  try {
    await removeEarlier(destination, key, record.key, signal);
    await staged.publish({ signal });
    held.unlistedSnapshot = record.key;
    return { ...indexed, snapshot: record };
  } catch (error) {
    await staged.discard().catch(() => undefined); // the sweep deletes it
    signal.throwIfAborted();
    return {
      ...indexed,
      snapshot: null,
      warnings: [...indexed.warnings, noSnapshot(textOf(error))],
    };
  }
}

/** @returns the warning that no increment can build on an archive. */
export const noSnapshot = (why: string): string =>
  `no increment can build on this archive, so the next backup is a full one: ${why}`;

/** Gives an index its name. One that cannot have it is deleted: the archive is whole without it. */
async function publishIndex(
  {
    destination,
    key,
    index,
    warnings,
  }: Pick<Received, 'destination' | 'key' | 'index' | 'warnings'>,
  signal: AbortSignal,
  held: Held
): Promise<Pick<Published, 'index' | 'warnings'>> {
  if (!index) return { index: null, warnings };
  const { staged, record } = index;
  try {
    await removeEarlier(destination, key, record.key, signal);
    await staged.publish({ signal });
    held.unlistedIndex = record.key;
    return { index: record, warnings };
  } catch (error) {
    await staged.discard().catch(() => undefined); // the sweep deletes it
    signal.throwIfAborted();
    return { index: null, warnings: [...warnings, noIndex(textOf(error))] };
  }
}

/**
 * An attempt of this run that was killed in the same second may have left an index or a snapshot file of this name, whose
 * archive has none: it would be taken for that of another archive.
 */
async function removeEarlier(
  destination: Destination,
  archive: string,
  beside: string,
  signal: AbortSignal
): Promise<void> {
  if (!(await destination.stat(beside, { signal }))) return;
  if (await destination.stat(archive, { signal })) return; // it belongs to that one
  await destination.remove(beside, { signal });
}
