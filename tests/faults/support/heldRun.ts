import type { FaultVolume } from './volume.ts';
import type { Wire } from './wire.ts';
import { wire } from './wire.ts';
import type { World } from './world.ts';
import { begin, worldWith } from './world.ts';

/**
 * MiB of a volume whose packing cannot end while its stream is held: more than what kubelet, API server and the kernel
 * between them take of a stream that nobody reads (28 MiB were seen).
 */
export const BEYOND_BUFFERS_MIB = 256;

/** A run whose stream stands still, and the sidecar that reads it. */
export interface HeldRun {
  readonly way: Wire;
  readonly world: World;
  readonly id: string;
}

/**
 * Starts a sidecar and a backup, and holds its stream.
 * @param bytes after how many it is held. @param env settings of the sidecar.
 */
export async function heldRun(
  volume: FaultVolume,
  bytes: number,
  env: Record<string, string> = {}
): Promise<HeldRun> {
  const way = await wire();
  const world = await worldWith({ NKVM_KUBECONFIG: way.kubeconfig, ...env });
  const held = way.holdAt(bytes);
  const id = await begin(world.call, volume);
  await held;
  return { way, world, id };
}
