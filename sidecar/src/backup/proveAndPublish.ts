import type { Copy, Proof, Seal } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import { manifestName } from '../archive/name.ts';
import type { VerifyLevel } from '../archive/readBack.ts';
import type { Lane } from '../cluster/lane.ts';
import type { Destination, Staged } from '../destinations/destination.ts';
import type { Held } from './breakOff.ts';
import { proveStored } from './proof.ts';

/** A copy that was received and has no final name yet. */
export interface Received {
  destination: Destination;
  key: string;
  staged: Staged;
  own: Digest;
  seal: Seal;
}

/** How a stored copy was compared with what the pod sent. */
export interface Proven {
  proof: Proof;
  provenAt: string;
}

export interface PublishOptions {
  level: VerifyLevel;
  /** @returns the text of the manifest, for a copy that was proven. @throws StageError. */
  manifest(proven: Proven): string;
  signal: AbortSignal;
  now(): Date;
  /** Knows what must be deleted should a step fail. */
  held: Held;
  /** Where proofs that unpack wait for each other. */
  unpacking: Lane;
}

/**
 * Reads one copy back under its temporary name, gives it its name when it is what the pod sent, and writes the manifest last:
 * an archive without one does not count as a backup.
 * @throws StageError; `held` then says what must be deleted.
 */
export async function proveAndPublish(
  { destination, key, staged, own, seal }: Received,
  { level, manifest, signal, now, held, unpacking }: PublishOptions
): Promise<Copy> {
  const readFrom = await inLane(level === 'contents' ? unpacking : undefined, signal, async () => {
    const stored = await staged.readBack({ signal });
    return await proveStored(destination.locate(key), stored, own, seal, level, signal);
  });
  const proven: Proven = { proof: { level, readFrom }, provenAt: now().toISOString() };
  const text = manifest(proven);
  signal.throwIfAborted();
  await staged.publish({ signal });
  held.unlisted = key; // not before: a name that was taken belongs to another archive
  await destination.put(manifestName(key), text);
  held.unlisted = undefined;
  return {
    destination: destination.id,
    key,
    state: 'present',
    ...own,
    ...proven,
    verifiedAt: null,
  };
}

/**
 * Unpacking is work of one thread, so that several at once are no faster, and each takes 8 MiB: eight of them beside eight
 * streams would take more than 200 MiB.
 */
async function inLane<T>(
  lane: Lane | undefined,
  signal: AbortSignal,
  work: () => Promise<T>
): Promise<T> {
  const leave = await lane?.enter(signal);
  try {
    return await work();
  } finally {
    leave?.();
  }
}
