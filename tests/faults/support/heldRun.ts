import type { Transport } from './transports.ts';
import { heldGround, USUAL } from './transports.ts';
import type { FaultVolume } from './volume.ts';
import type { Relay } from './wire.ts';
import type { World } from './world.ts';
import { begin, worldOn } from './world.ts';

/**
 * MiB of a volume whose packing cannot end while its stream is held: more than what kubelet, API server and the kernel
 * between them take of a stream that nobody reads (28 MiB were seen), or parts in the memory of the pod.
 */
export const BEYOND_BUFFERS_MIB = 256;

/** A run whose stream is held, and the sidecar that reads it. */
export interface HeldRun {
  /** The proxy that the archive passes through. */
  readonly way: Relay;
  readonly world: World;
  readonly id: string;
}

/**
 * Starts a sidecar and a backup, and holds its stream.
 * @param bytes after how many it is held. @param env settings of the sidecar. @param transport how the archive travels
 */
export async function heldRun(
  volume: FaultVolume,
  bytes: number,
  env: Record<string, string> = {},
  transport: Transport = USUAL
): Promise<HeldRun> {
  const { way, ground } = await heldGround(transport);
  const world = await worldOn(ground, env);
  const held = way.holdAt(bytes);
  const id = await begin(world.call, volume);
  await held;
  return { way, world, id };
}
