import type { QueuePosition } from '../../jobs/queue/turn.ts';
import type { HeldRights } from '../rights/heldRights.ts';
import { toList } from '../rights/scope.ts';

/** The runs that a caller may count; undefined: none but those that it may read one by one. */
export type SeenQueue = keyof QueuePosition | undefined;

/** @returns which runs a caller may count who asks about a run of this namespace. @throws Refusal (503) */
export async function seenQueue(
  held: Pick<HeldRights, 'has'>,
  namespace: string
): Promise<SeenQueue> {
  if (await held.has(toList('backup'))) return 'amongAll';
  return (await held.has({ ...toList('backup'), namespace })) ? 'inNamespace' : undefined;
}

/** @returns the place of a run among those that the caller may count; null where it waits for none of them. */
export const positionSeen = (position: QueuePosition | undefined, seen: SeenQueue): number | null =>
  position && seen ? position[seen] : null;
