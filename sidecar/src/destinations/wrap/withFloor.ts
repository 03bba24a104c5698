import { archiveFormOf } from '../../archive/name.ts';
import { StageError } from '../../errors.ts';
import type { Destination } from '../destination.ts';
import { nearlyFull } from '../room.ts';

/**
 * A destination that takes no further archive while less than `floorBytes` are free, so that manifests and indexes, and
 * other programs on the same file system, still have room. A storage that does not say how much is free takes everything.
 */
export function withFloor(to: Destination, floorBytes: number): Destination {
  return {
    ...to,
    async stage(key, body, call) {
      if (archiveFormOf(key) === undefined) return await to.stage(key, body, call);
      const free = await to.freeBytes(call).catch(() => undefined); // storing says why it fails
      const full = nearlyFull(free, floorBytes);
      if (!full) return await to.stage(key, body, call);
      body.destroy();
      const { reason, message, hint } = full;
      throw new StageError(
        'copy',
        reason,
        message.replace('the destination', `destination ${to.id}`),
        hint.replace('queued backups then start by themselves', 'NKVM tries again by itself'),
        'needs-action'
      );
    },
  };
}
