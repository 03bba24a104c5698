import { pushWay } from './pushWay.ts';
import type { FaultVolume } from './volume.ts';
import type { Relay } from './wire.ts';
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
  /** The way of the archive. */
  readonly way: Relay;
  readonly world: World;
  readonly id: string;
}

/** The ways of an archive on which it can be held. */
export const WAYS = ['exec', 'push'] as const;

/** The way where a test does not name one. */
const USUAL = process.env.NKVM_TEST_PUSH_ADDRESS === undefined ? 'exec' : 'push';

/**
 * Starts a sidecar and a backup, and holds its stream.
 * @param bytes after how many it is held. @param env settings of the sidecar. @param transport how the archive travels
 */
export async function heldRun(
  volume: FaultVolume,
  bytes: number,
  env: Record<string, string> = {},
  transport: (typeof WAYS)[number] = USUAL
): Promise<HeldRun> {
  const { way, settings } = await wayOf(transport);
  const world = await worldWith({ ...settings, ...env });
  const held = way.holdAt(bytes);
  const id = await begin(world.call, volume);
  await held;
  return { way, world, id };
}

async function wayOf(transport: (typeof WAYS)[number]) {
  if (transport === 'push') {
    const way = await pushWay();
    return { way, settings: way.env };
  }
  const way = await wire();
  return {
    way,
    settings: { NKVM_PUSH_PORT: '', NKVM_PUSH_ADDRESS: '', NKVM_KUBECONFIG: way.kubeconfig },
  };
}
