import type { Proof, Seal } from '../../../api/index.ts';
import type { Digest } from '../../archive/digest.ts';
import type { Lane } from '../../cluster/gateway/lane.ts';
import type { Staged } from '../../destinations/destination.ts';
import { sizeDiffers } from '../proof.ts';
import { proveStored } from '../proof.ts';
import type { ProofPlan } from '../proofLevel.ts';

export interface ProveOptions {
  /** Names the archive in errors. */
  where: string;
  /** The bytes that were sent to the storage. */
  own: Digest;
  seal: Seal;
  plan: ProofPlan;
  signal: AbortSignal;
  /** Where proofs that unpack wait for each other. */
  unpacking: Lane;
}

/**
 * Compares a stored archive with what was sent to it, as far as `plan` says: a storage that says nothing of what it holds is
 * read.
 * @throws StageError (stage `checksum`) when something else is stored
 */
export async function proveCopy(
  staged: Pick<Staged, 'bytes' | 'confirm' | 'readBack'>,
  { where, own, seal, plan, signal, unpacking }: ProveOptions
): Promise<Proof> {
  if (staged.bytes !== own.bytes) throw sizeDiffers(where, staged.bytes, own);
  if (plan.by === 'server') {
    const confirmed = await staged.confirm({ signal });
    if (confirmed) return { level: confirmed.level, readFrom: 'server' };
  }
  const { level } = plan;
  return await inLane(level === 'contents' ? unpacking : undefined, signal, async () => {
    const stored = await staged.readBack({ signal });
    return { level, readFrom: await proveStored(where, stored, own, seal, level, signal) };
  });
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
